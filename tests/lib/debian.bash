# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# One Debian release from the recipe to the end, as a user would. A file sets
# RECIPE and KIND (systemd or sysvinit), and PACKAGES (a,b) that its claims need beside what the
# recipe has, loads this and names the claims.

load ../lib/zone

# The zone "deb" of the recipe.
debian_open() {
	store_open || return
	[ "$EUID" -eq 0 ] || return 0
	if ! outside "$ZONECTL" template build "$RECIPE" ${PACKAGES:+--include "$PACKAGES"} \
		>"$BATS_FILE_TMPDIR/build" 2>&1 3>&- 4>&-; then
		cat "$BATS_FILE_TMPDIR/build" >&2
		return 1
	fi
	zonectl create deb -t "$RECIPE"
}

debian_setup() {
	zone_setup
	state_is deb running || zonectl boot deb --wait=90
}

# The end of a boot: systemd says so, other inits have started their last service.
claim_boots_clean() {
	if [ "$KIND" = systemd ]; then
		prints running zonectl exec deb -- systemctl is-system-running --wait
		prints "" zonectl exec deb -- systemctl list-units --failed --no-legend --plain
	else
		prints "N 2" zonectl exec deb -- runlevel
	fi
	prints deb zonectl exec deb -- hostname
}

claim_login_works() {
	on_terminal <(cat <<-'END'
		set timeout 30
		zonectl login deb
		see "root@deb"
		type {echo "on $(tty), $(who am i | cut -d' ' -f1) is me"}
		see "on /dev/pts/"
		see "root is me"
		type {test -c $(tty) && echo "it e""xists"}
		see "it exists"
		type {sleep 1000}
		exec timeout 20 sh -c {until "$ZONECTL" exec deb -- pgrep -x sleep; do :; done}
		send "\032"
		see "Stopped"
		type {kill %1; wait; exit}
		expect eof
	END
	)
}

screens() {
	TMUX_TMPDIR=$BATS_FILE_TMPDIR tmux -f /dev/null "$@" 3>&- 4>&-
}

# on_screens KEYS...: pressed in each window.
on_screens() {
	screens send-keys -t s:0 "$@"
	screens send-keys -t s:1 "$@"
}

# shows WINDOW PATTERN
shows() {
	screens capture-pane -p -t "$1" | grep -qE "$2"
}

screens_are_same() {
	[ "$(screens capture-pane -p -e -t s:0)" = "$(screens capture-pane -p -e -t s:1)" ]
}

# Beside the same program outside, colours and cursor too.
claim_editor_looks_as_outside() {
	local file=/usr/share/common-licenses/GPL-3

	screens kill-server 2>/dev/null || :	# of a claim that failed
	screens new-session -d -s s -x 80 -y 24 "'$ZONECTL' exec -t deb -- vim.tiny -u NONE -i NONE -n $file"
	screens new-window -t s:1 \
		"LANG=C.UTF-8 chroot '$ZONECTL_ROOT/var/lib/zonectl/templates/$RECIPE/rootfs' vim.tiny -u NONE -i NONE -n $file"
	deadline 20 shows s:1 'GNU GENERAL PUBLIC'
	deadline 20 screens_are_same
	on_screens :set\ number\ hlsearch Enter /software Enter ozażółć\ €\ 漢字 Escape
	deadline 10 shows s:1 'zażółć € 漢字'
	deadline 10 screens_are_same
	screens resize-window -t s:0 -x 101 -y 31
	screens resize-window -t s:1 -x 101 -y 31
	deadline 10 screens_are_same
	[ "$(screens display -p -t s:0 '#{cursor_x} #{cursor_y}')" = "$(screens display -p -t s:1 '#{cursor_x} #{cursor_y}')" ]
	screens kill-server
}

claim_full_screen_programs_work() {
	screens kill-server 2>/dev/null || :	# likewise
	screens new-session -d -s s -x 90 -y 24 "'$ZONECTL' login deb; read -r"
	deadline 20 shows s 'root@deb:~#'
	screens send-keys -t s htop Enter
	deadline 20 shows s '^F1Help .*F10Quit'
	screens resize-window -t s -x 120 -y 40
	deadline 10 eval '[ "$(screens capture-pane -p -t s | grep -n F10Quit)" = "40:$(screens capture-pane -p -t s | grep F10Quit)" ]'
	screens send-keys -t s q
	deadline 10 eval '[ "$(screens display -p -t s "#{alternate_on}")" = 0 ]'
	screens send-keys -t s 'tmux -f /dev/null new -s inner' Enter
	deadline 20 shows s '^\[inner\] '
	screens send-keys -t s 'echo €$((40 + 2))' Enter
	deadline 10 shows s '^€42$'
	screens send-keys -t s 'sleep 1000' Enter
	deadline 10 zonectl exec deb -- pgrep -x sleep
	screens send-keys -t s C-z
	deadline 10 shows s 'Stopped'
	screens send-keys -t s 'fg' Enter
	screens send-keys -t s C-c
	deadline 10 not zonectl exec deb -- pgrep -x sleep
	screens send-keys -t s C-b d
	deadline 10 shows s 'detached .from session inner'
	# The zone ends under an editor.
	screens send-keys -t s 'exec vim.tiny /etc/passwd' Enter
	deadline 10 eval '[ "$(screens display -p -t s "#{alternate_on}")" = 1 ]'
	zonectl halt -q deb
	deadline 10 shows s 'zonectl: login deb: the zone was stopped'
	[ "$(screens display -p -t s '#{alternate_on} #{cursor_flag}')" = "0 1" ]
	screens kill-server
}

claim_ssh_answers() {
	deadline 30 ssh_banner
	# Made at the first boot of this zone, not in the template.
	[ -z "$(find "$ZONECTL_ROOT/var/lib/zonectl/templates/$RECIPE/rootfs/etc/ssh" -name 'ssh_host_*_key')" ]
	prints /etc/ssh/ssh_host_ed25519_key zonectl exec deb -- sh -c 'ls /etc/ssh/ssh_host_*_key'
	[ "$(zonectl exec deb -- sh -c 'ssh-keygen -y -f /etc/ssh/ssh_host_ed25519_key')" = \
		"$(zonectl exec deb -- cat /etc/ssh/ssh_host_ed25519_key.pub)" ]
	fingerprint=$(zonectl exec deb -- ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub | cut -d ' ' -f 2)
	[[ $fingerprint == SHA256:* ]]
	[ "$(fact deb host_keys)" = '[{"type": "ssh-ed25519", "fingerprint": "'"$fingerprint"'"}]' ]
	zonectl info deb | grep -qxF "host key         $fingerprint ssh-ed25519"
}

# A key of the test's own, and the zone's root that takes it.
ssh_key() {
	KEY=$BATS_FILE_TMPDIR/key
	[ -e "$KEY" ] || ssh-keygen -q -t ed25519 -N '' -f "$KEY"
	zonectl exec deb -- sh -c 'mkdir -p -m 700 /root/.ssh; cat >/root/.ssh/authorized_keys' <"$KEY.pub"
}

claim_ssh_works() {
	deadline 30 ssh_banner
	ssh_key
	prints "a  b; deb" zonectl ssh deb -i "$KEY" 'echo "a  b; $(hostname)"'
	prints "-n" zonectl ssh deb -i "$KEY" printf %s -n
	exits 7 zonectl ssh deb -i "$KEY" exit 7
	exits 255 zonectl ssh deb -i "$KEY" -o PasswordAuthentication=no -u nobody true
	head -c 3000000 /dev/urandom >"$BATS_TEST_TMPDIR/bytes"
	zonectl ssh deb -i "$KEY" cat <"$BATS_TEST_TMPDIR/bytes" | cmp - "$BATS_TEST_TMPDIR/bytes"
	zonectl create -q --boot lonely -t "$RECIPE" --net none --ssh-key "$(cat "$KEY.pub")"
	deadline 60 zonectl ssh lonely -i "$KEY" -o PasswordAuthentication=no true
	prints "lonely" zonectl ssh lonely -i "$KEY" hostname
	zonectl destroy -q --force -y lonely
	# The client's session ends with the zone.
	fails 125 "zonectl: ssh nosuch: no zone \"nosuch\"
  try: zonectl list -a" zonectl ssh nosuch true
}

claim_ssh_config_works() {
	ssh_key
	zonectl ssh-config >"$BATS_TEST_TMPDIR/config"
	prints "deb" ssh -F "$BATS_TEST_TMPDIR/config" -i "$KEY" deb.zone hostname
	echo copied >"$BATS_TEST_TMPDIR/file"
	exits 0 scp -q -F "$BATS_TEST_TMPDIR/config" -i "$KEY" "$BATS_TEST_TMPDIR/file" deb.zone:/tmp/file
	prints "copied" zonectl exec deb -- cat /tmp/file
	printf 'get /tmp/file %s\n' "$BATS_TEST_TMPDIR/back" |
		sftp -q -b - -F "$BATS_TEST_TMPDIR/config" -i "$KEY" deb.zone >/dev/null
	[ "$(cat "$BATS_TEST_TMPDIR/back")" = copied ]
}

claim_rsync_works() {
	local config=$BATS_TEST_TMPDIR/config tree=$BATS_TEST_TMPDIR/tree

	ssh_key
	zonectl ssh-config >"$config"
	mkdir -p "$tree/d"
	head -c 300000 /dev/urandom >"$tree/d/bytes"
	ln -s d/bytes "$tree/link"
	chmod 640 "$tree/d/bytes"
	prints "" rsync -a -e "ssh -F $config -i $KEY" "$tree/" deb.zone:/tmp/tree/
	prints "640 d/bytes" zonectl exec deb -- sh -c 'cd /tmp/tree && echo $(stat -c %a d/bytes) $(readlink link)'
	prints "" rsync -a -c --itemize-changes -e "ssh -F $config -i $KEY" deb.zone:/tmp/tree/ "$tree/"
}

claim_git_works() {
	local repository=$BATS_TEST_TMPDIR/repository

	ssh_key
	zonectl ssh-config >"$BATS_TEST_TMPDIR/config"
	export GIT_SSH_COMMAND="ssh -F $BATS_TEST_TMPDIR/config -i $KEY"
	zonectl exec deb -- git init -q --bare /srv/there.git
	git init -q "$repository"
	git -C "$repository" -c user.name=a -c user.email=a@b commit -q --allow-empty -m "one word"
	exits 0 git -C "$repository" push -q ssh://deb.zone/srv/there.git HEAD:refs/heads/main
	exits 0 git clone -q -b main ssh://deb.zone/srv/there.git "$repository.again"
	prints "one word" git -C "$repository.again" log --format=%s
}

# Two zones by the inventory that zonectl prints, and what Ansible's own modules say of them.
claim_ansible_works() {
	local inventory=$BATS_TEST_TMPDIR/zones.json

	command -v ansible >/dev/null || skip "needs ansible-core"
	ssh_key
	zonectl set -q deb tags=blue
	zonectl list --ansible deb >"$inventory"
	exits 0 ansible -i "$inventory" --private-key "$KEY" tag_blue -m ping
	holds "deb.zone | SUCCESS"
	holds '"ping": "pong"'
	exits 0 ansible -i "$inventory" --private-key "$KEY" deb.zone -m setup -a filter=ansible_hostname
	holds '"ansible_hostname": "deb"'
	zonectl set -q deb tags=
}

# Ansible itself is no small package; what it would call is.
claim_ansible_inventory_works() {
	local inventory=$BATS_TEST_TMPDIR/zones.json args=()

	ssh_key
	zonectl set -q deb tags=blue,a.b
	zonectl list --ansible deb >"$inventory"
	[ "$(json 'sorted(d["all"]["children"])' <"$inventory")" = '["tag_a_b", "tag_blue"]' ]
	[ "$(json 'd["all"]["children"]["tag_blue"]' <"$inventory")" = '{"hosts": {"deb.zone": {}}}' ]
	mapfile -t args < <(json '"\n".join(__import__("shlex").split(d["all"]["vars"]["ansible_ssh_common_args"]))' <"$inventory")
	prints "deb" ssh "${args[@]}" -i "$KEY" -l root deb.zone hostname
	zonectl set -q deb tags=
}

# refused_with KEY [OPTION...]: the server does not take this key.
refused_with() {
	exits 255 zonectl ssh deb -i "$1" -o IdentitiesOnly=yes -o PasswordAuthentication=no "${@:2}" true
	holds "Permission denied"
}

# A key of nobody's, one whose line says until when, a certificate that was good once; each is
# beside one that is good.
claim_ssh_refuses_keys() {
	local dir=$BATS_TEST_TMPDIR validity

	ssh_key
	for name in other dated authority; do ssh-keygen -q -t ed25519 -N '' -f "$dir/$name"; done
	refused_with "$dir/other"
	refused_with "$KEY" -u nosuch
	{ cat "$KEY.pub"; echo "expiry-time=\"20200101\" $(cat "$dir/dated.pub")"
		echo "cert-authority $(cat "$dir/authority.pub")"; } |
		zonectl exec deb -- sh -c 'cat >/root/.ssh/authorized_keys'
	refused_with "$dir/dated"
	zonectl exec deb -- sed -i s/20200101/20990101/ /root/.ssh/authorized_keys
	prints "" zonectl ssh deb -i "$dir/dated" true
	for validity in -2d:-1d -1d:+1d; do
		ssh-keygen -q -s "$dir/authority" -I test -n root -V "$validity" "$dir/other.pub"
		[ "$validity" != -2d:-1d ] || refused_with "$dir/other"
	done
	prints "" zonectl ssh deb -i "$dir/other" -o IdentitiesOnly=yes true
}

# Keys that are read inside are the zone's; a server with others is somebody else.
claim_ssh_knows_its_server() {
	ssh_key
	zonectl exec deb -- sh -c 'mkdir /tmp/keys && cp -p /etc/ssh/ssh_host_* /tmp/keys/ &&
		rm -rf /etc/dropbear &&
		rm -f /etc/ssh/ssh_host_*.pub && ssh-keygen -q -t ed25519 -N "" -f /tmp/other && cp /tmp/other.pub /etc/ssh/ssh_host_ed25519_key.pub'
	exits 255 zonectl ssh deb -i "$KEY" true
	holds "HOST IDENTIFICATION HAS CHANGED"
	zonectl exec deb -- sh -c 'cp -p /tmp/keys/* /etc/ssh/'
	prints "" zonectl ssh deb -i "$KEY" true
}

answers_are() {
	[ "$(pgrep -x -c zonessh -P "$(keeper_pids demand)")" -eq "$1" ]
}

demand_is_up() {
	zonectl exec demand -- systemctl is-active --quiet systemd-user-sessions 2>/dev/null
}

sshd_pids() {
	zonectl exec demand -- pgrep -x sshd
}

claim_ssh_on_demand() {
	local i init

	ssh_key
	zonectl create -q demand -t "$RECIPE" --ssh on-demand --ssh-key "$KEY.pub"
	prints "" zonectl boot demand --wait=90
	prints "running" zonectl exec demand -- systemctl is-system-running --wait
	not sshd_pids
	prints "demand" zonectl ssh demand -i "$KEY" hostname
	for i in {1..12}; do
		zonectl ssh demand -i "$KEY" "echo $i" &
	done >"$BATS_TEST_TMPDIR/said"
	wait
	[ "$(sort -n "$BATS_TEST_TMPDIR/said" | tr '\n' ' ')" = "1 2 3 4 5 6 7 8 9 10 11 12 " ]
	deadline 10 not sshd_pids
	# Of many strangers at a time no more have a process of the host's than there may be.
	python3 -c 'import signal, socket, sys
crowd = [socket.create_connection((sys.argv[1], 22)) for _ in range(80)]
signal.pause()' "$(zonectl list -H -o ip demand | cut -d, -f1)" &
	crowd=$!
	deadline 30 answers_are 64
	deadline 5 zonectl exec demand -- true
	answers_are 64
	kill "$crowd"
	wait "$crowd" || :
	prints "demand" zonectl ssh demand -i "$KEY" hostname
	# As often as the zone and its keeper begin anew.
	zonectl reboot -q demand
	# Until then PAM says at each login that the system is booting.
	deadline 60 demand_is_up
	prints "demand" zonectl ssh demand -i "$KEY" hostname
	kill -9 "$(keeper_pids demand)"
	deadline 5 not keeper_pids_there demand
	zonectl repair -q demand
	prints "demand" zonectl ssh demand -i "$KEY" hostname
	# A session ends with the zone, which nobody outside holds back.
	zonectl ssh demand -i "$KEY" sleep 1000 &
	deadline 10 zonectl exec demand -- pgrep -x sleep
	prints "demand: its init shut it down" zonectl shutdown demand --timeout 60
	wait $! || :
	nothing_left demand
	zonectl set -q demand ssh=inside
	prints "" zonectl boot demand --wait=90
	deadline 30 sshd_pids
	zonectl destroy -q --force -y demand
}

served_by() {
	[ "$(zonectl ssh "$1" -i "$KEY" 'cat /proc/$PPID/comm')" = "$2" ]
}

# The zone runs no init of its own, so that nothing but zonectl makes keys and starts a server.
claim_dropbear_works() {
	ssh_key
	zonectl create -q bear -t "$RECIPE" --ssh on-demand --ssh-key "$KEY.pub" --init /bin/sleep
	prints "" zonectl boot bear -- infinity
	exits 0 zonectl exec bear -- test -s /etc/dropbear/dropbear_ed25519_host_key -a -s /etc/ssh/ssh_host_ed25519_key
	[ "$(fact bear host_keys | grep -o SHA256 | wc -l)" -eq 1 ]	# the same in both
	served_by bear sshd
	zonectl exec bear -- rm -r /usr/sbin/sshd /etc/ssh
	served_by bear dropbear
	prints "a  b; bear" zonectl ssh bear -i "$KEY" 'echo "a  b; $(hostname)"'
	exits 7 zonectl ssh bear -i "$KEY" exit 7
	head -c 3000000 /dev/urandom >"$BATS_TEST_TMPDIR/bytes"
	zonectl ssh bear -i "$KEY" cat <"$BATS_TEST_TMPDIR/bytes" | cmp - "$BATS_TEST_TMPDIR/bytes"
	deadline 10 not zonectl exec bear -- pgrep -x dropbear
	# One that has no key gets one with the first who comes, and is known by it.
	was=$(fact bear host_keys)
	zonectl exec bear -- rm -r /etc/dropbear
	[ "$(fact bear host_keys)" = "[]" ]
	served_by bear dropbear
	[ "$(fact bear host_keys | grep -o SHA256 | wc -l)" -eq 1 ]
	[ "$(fact bear host_keys)" != "$was" ]
	zonectl exec bear -- rm /usr/sbin/dropbear
	fails 125 "zonectl: ssh bear: the zone has no ssh server
  install one, as openssh-server; or: zonectl login bear" zonectl ssh bear true
	zonectl destroy -q --force -y bear
}

# Whichever init the zone has, it starts no server, and does when told to.
claim_ssh_is_whose_it_is_told() {
	ssh_key
	zonectl create -q demand -t "$RECIPE" --ssh on-demand --ssh-key "$KEY.pub"
	prints "" zonectl boot demand --wait=90
	not sshd_pids
	prints "demand" zonectl ssh demand -i "$KEY" hostname
	deadline 10 not sshd_pids
	zonectl set -q demand ssh=inside
	zonectl reboot -q demand
	deadline 60 ssh_banner demand
	prints "demand" zonectl ssh demand -i "$KEY" hostname
	zonectl destroy -q --force -y demand
}

# However many come at once, each reaches the zone that was meant. Their init does nothing.
claim_ssh_reaches_whom_it_means() {
	local i

	ssh_key
	zonectl create -q 'many{1..4}' -t "$RECIPE" --net none --ssh on-demand --ssh-key "$KEY.pub" \
		--init /bin/sleep --init-args infinity --boot
	for i in {0..19}; do
		zonectl ssh "many$((i % 4 + 1))" -i "$KEY" "echo \$(hostname) $i" &
	done >"$BATS_TEST_TMPDIR/said"
	wait
	diff <(sort -k 2n "$BATS_TEST_TMPDIR/said") <(for i in {0..19}; do echo "many$((i % 4 + 1)) $i"; done)
	zonectl destroy -q --force -y 'many*'
}

keeper_pids_there() {
	[ -n "$(keeper_pids "$1")" ]
}

# ssh_banner [ZONE]: its server, once it runs, listens.
ssh_banner() {
	[[ $(zonectl exec "${1:-deb}" -- bash -c 'exec 5<>/dev/tcp/127.0.0.1/22 && head -n 1 <&5' 2>/dev/null) == SSH-2.0-OpenSSH* ]]
}

claim_has_own_identity() {
	id=$(zonectl exec deb -- cat /etc/machine-id)
	[[ $id =~ ^[0-9a-f]{32}$ ]]
	[ "$id" != "$(cat /etc/machine-id 2>/dev/null)" ]
	template=$ZONECTL_ROOT/var/lib/zonectl/templates/$RECIPE/rootfs/etc/machine-id
	[ ! -s "$template" ] || [ "$(cat "$template")" = uninitialized ]
}

identities() {
	zonectl exec "$1" -- sh -c 'cat /etc/machine-id; cut -c1-60 /etc/ssh/ssh_host_ed25519_key.pub'
}

is_settled() {
	[ "$(zonectl exec "$1" -- systemctl is-system-running --wait 2>/dev/null)" = running ]
}

# A new system below the same zone: its identity is new too, but for what is kept.
claim_is_reinstalled() {
	local before after

	zonectl create again -t "$RECIPE"
	zonectl boot again --wait=90
	zonectl exec again -- sh -c 'echo mine >/srv/data && chown 33:34 /srv/data && useradd -m ann'
	before=$(identities again)
	prints "" zonectl reinstall again --keep /srv
	deadline 60 is_settled again
	after=$(identities again)
	[ "$(wc -l <<<"$after")" -eq 2 ]
	not grep -qxF "$before" <<<"$after"
	[ "$(zonectl exec again -- stat -c '%u:%g %s' /srv/data)" = "33:34 5" ]
	not zonectl exec again -- id ann
	zonectl reinstall again --purge
	prints "" zonectl reinstall again --keep /etc/ssh
	deadline 60 is_settled again
	[ "$(identities again | tail -n 1)" = "$(tail -n 1 <<<"$after")" ]
	zonectl reinstall again --back
	deadline 60 is_settled again
	[ "$(identities again)" = "$after" ]
	prints "" zonectl verify again again.old
	zonectl destroy -q --force -y again again.old
}

claim_reboots_from_inside() {
	init=$(fact deb init_pid)
	zonectl exec deb -- reboot || :	# may end with the zone
	is_new() { local pid; pid=$(fact deb init_pid) && [ "$pid" != None ] && [ "$pid" != null ] && [ "$pid" != "$init" ]; }
	deadline 60 is_new
	deadline 60 state_is deb running
	if [ "$KIND" = systemd ]; then
		is_running() { [ "$(zonectl exec deb -- systemctl is-system-running --wait 2>/dev/null)" = running ]; }
	else
		is_running() { [ "$(zonectl exec deb -- runlevel 2>/dev/null)" = "N 2" ]; }
	fi
	deadline 60 is_running
	[ "$(keeper_pids deb | wc -l)" -eq 1 ]
}

# Under 5 s, of an idle zone.
claim_shuts_down_quickly() {
	local start=${EPOCHREALTIME/[^0-9]/} end

	prints "deb: its init shut it down" zonectl shutdown deb
	end=${EPOCHREALTIME/[^0-9]/}
	echo "$(((end - start) / 1000)) ms"
	[ $((end - start)) -lt 5000000 ]
	state_is deb installed
	nothing_left deb
}

claim_users_work() {
	exits 0 zonectl exec deb -- useradd -m -s /bin/bash ann
	prints "uid=1000(ann) gid=1000(ann) groups=1000(ann)" zonectl exec deb -u ann -- id
	exits 0 zonectl exec deb -- su - ann -c 'touch ~/file'
	prints "ann ann" zonectl exec deb -- stat -c '%U %G' /home/ann/file
}

claim_packages_work() {
	exits 0 zonectl exec deb -- dpkg --audit
	exits 0 zonectl exec deb -- sh -c 'apt-cache policy apt | grep -q Installed'
}
