#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What zones use, and how often a limit said no: shown, added up over boots, never held up by a zone.

load ../lib/zone

setup_file() {
	store_open
}

teardown_file() {
	store_close
}

setup() {
	zone_setup
}

# failure NAME LIMIT boot|creation: how often that limit said no.
failure() {
	zonectl stat --failures --json "$1" | json "[r['since_$3'] for r in d if r['limit'] == '$2'][0]"
}

# refuse_pids NAME: a shell inside forks until it may not. The zone's limit is 8.
refuse_pids() {
	zonectl exec "$1" -- sh -c 'for i in 1 2 3 4 5 6 7 8 9 10; do sleep 60 & done; wait' >/dev/null 2>&1 || :
}

counters() {
	python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' \
		"$ZONECTL_ROOT/var/lib/zonectl/zones/$1/counters.json" "$2"
}

@test "stat shows the running zones, and a named one in any state" {
	running w1
	installed w2
	run zonectl stat -H -o name,state
	[ "$output" = "w1  running" ]
	run zonectl stat -H -o name,state 'w*'
	[ "${lines[1]}" = "w2  installed" ]
	run zonectl stat -H -a -o name
	[ "${lines[*]}" = "w1 w2" ]
}

@test "stat shows processor time, memory and processes of a zone" {
	running w1
	zonectl exec w1 -- sh -c 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done'
	zonectl stat --json w1 >"$BATS_TEST_TMPDIR/stat"
	[ "$(json "d[0]['cpu_seconds'] > 0 and d[0]['cpu_percent'] > 0" <"$BATS_TEST_TMPDIR/stat")" = true ]
	[ "$(json "d[0]['memory_bytes'] > 65536" <"$BATS_TEST_TMPDIR/stat")" = true ]
	[ "$(json "d[0]['pids'] >= 2" <"$BATS_TEST_TMPDIR/stat")" = true ]
	[ "$(json "d[0]['memory_limit_bytes']" <"$BATS_TEST_TMPDIR/stat")" = null ]
	[ "$(json "d[0]['uptime_seconds'] >= 0" <"$BATS_TEST_TMPDIR/stat")" = true ]
}

@test "stat shows a zone's limits as numbers" {
	zonectl create l1 -t minimal --memory 64M --pids 30 --boot
	run zonectl stat -H -o limit,pids-limit l1
	[ "$output" = "  64M          30" ] || [ "$(tr -s ' ' <<<"$output")" = " 64M 30" ] ||
		[ "$(xargs <<<"$output")" = "64M 30" ]
	zonectl set l1 memory=96M
	[ "$(zonectl stat --json -o limit l1 | json "d[0]['memory_limit_bytes']")" -eq $((96 << 20)) ]
}

@test "stat counts bytes and packets of the network" {
	running w1
	ip=$(fact w1 addresses | json "[a for a in d if '.' in a][0]")
	before=$(zonectl stat --json -o in w1 | json "d[0]['net_in_bytes']")
	# Nobody listens there: the zone's kernel answers with an ICMP message.
	head -c 1000 /dev/zero >"/dev/udp/$ip/9"
	deadline 5 eval '[ "$(zonectl stat --json -o out-packets w1 | json "d[0][\"net_out_packets\"]")" -ge 1 ]'
	[ "$(zonectl stat --json -o in w1 | json "d[0]['net_in_bytes']")" -ge $((before + 1028)) ]
}

@test "stat -w shows what happened between two looks, an object a line in JSON" {
	running w1
	zonectl exec w1 -- sh -c 'while :; do :; done' &
	busy=$!
	run zonectl stat -w 400ms -c 2 --json -o name,time,cpu w1
	kill "$busy"
	wait "$busy" || :
	zonectl halt w1
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 2 ]
	[ "$(json "d['cpu_percent'] > 5" <<<"${lines[1]}")" = true ]
	[ "$(json "d['time'] > 1500000000" <<<"${lines[0]}")" = true ]
}

@test "stat -w ends when nobody reads any more" {
	running w1
	run -0 timeout 20 bash -c 'zonectl() { "$ZONECTL" "$@" 3>&- 4>&-; }; zonectl stat -w 20ms -H -o name | head -n 3'
	[ "${#lines[@]}" -ge 2 ]
}

@test "stat shows time for which the quota held processes back" {
	zonectl create q1 -t minimal --cpus 0.1 --boot
	zonectl exec q1 -- sh -c 'i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done'
	[ "$(zonectl stat --json -o throttled q1 | json "d[0]['throttled_seconds'] > 0")" = true ]
	[ "$(failure q1 cpus boot)" -gt 0 ]
}

@test "stat shows the pressure of a zone that waits" {
	[ -e /proc/pressure/cpu ] || skip "kernel: no pressure stall information"
	zonectl create p1 -t minimal --cpus 0.1 --boot
	zonectl exec p1 -- sh -c 'i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done'
	[ "$(zonectl stat --json p1 | json "d[0]['cpu_pressure_seconds'] is not None and d[0]['pressure_percent'] is not None")" = true ]
}

@test "an out-of-memory kill is shown as one" {
	zonectl create o1 -t minimal --memory 16M --swap 0 --boot || zonectl create o1 -t minimal --memory 16M --boot
	zonectl exec o1 -- sh -c 'dd if=/dev/zero of=/dev/null bs=64M count=1' || :
	[ "$(zonectl stat --json -o oom o1 | json "d[0]['oom_kills']")" -ge 1 ]
	[ "$(failure o1 oom-kill boot)" -ge 1 ]
}

@test "memory that was reclaimed at the limit counts as a refusal" {
	zonectl create o2 -t minimal --memory 16M --boot
	zonectl exec o2 -- dd if=/dev/zero of=/big bs=1M count=40
	[ "$(failure o2 memory boot)" -ge 1 ]
	[ "$(failure o2 oom-kill boot)" -eq 0 ]
}

@test "stat --failures counts since boot, and since creation over all boots" {
	zonectl create f1 -t minimal --pids 8 --boot
	refuse_pids f1
	first=$(failure f1 pids boot)
	[ "$first" -ge 1 ]
	[ "$(failure f1 pids creation)" -eq "$first" ]
	zonectl halt f1
	[ "$(failure f1 pids boot)" = null ]
	[ "$(failure f1 pids creation)" -eq "$first" ]
	zonectl boot f1
	[ "$(failure f1 pids boot)" -eq 0 ]
	refuse_pids f1
	[ "$(failure f1 pids creation)" -eq $((first + $(failure f1 pids boot))) ]
	zonectl destroy -q --force -y f1
}

@test "a zone whose keeper was killed is counted once, by whoever cleans up" {
	zonectl create k1 -t minimal --pids 8 --boot
	refuse_pids k1
	first=$(failure k1 pids boot)
	kill -9 "$(keeper_pids k1)"
	zonectl halt k1
	[ "$(failure k1 pids creation)" -eq "$first" ]
	zonectl repair k1
	[ "$(failure k1 pids creation)" -eq "$first" ]
	zonectl destroy -q --force -y k1
}

@test "two that clean up after a zone at once count it once" {
	zonectl create k4 -t minimal --pids 8 --boot
	total=0
	for _ in 1 2 3 4 5; do
		refuse_pids k4
		total=$((total + $(failure k4 pids boot)))
		# The keeper sees init's end, and halt what is left.
		kill -9 "$(fact k4 init_pid)"
		zonectl halt k4 || :
		nothing_left k4
		zonectl boot k4
	done
	[ "$(failure k4 pids creation)" -eq "$total" ]
	zonectl destroy -q --force -y k4
}

@test "figures that are in the file already are not added again" {
	zonectl create k2 -t minimal --pids 8 --boot
	refuse_pids k2
	first=$(failure k2 pids boot)
	cp "$ZONECTL_ROOT/run/zonectl/k2/state.json" "$BATS_TEST_TMPDIR/state.json"
	kill -9 "$(keeper_pids k2)"
	# As a cleaner would have left it that was killed once it had added.
	python3 - "$BATS_TEST_TMPDIR/state.json" "$ZONECTL_ROOT/var/lib/zonectl/zones/k2/counters.json" "$first" <<-'END'
		import json, sys
		init = json.load(open(sys.argv[1]))["init"]
		json.dump({"refused_pids": int(sys.argv[3]), "last-boot": init}, open(sys.argv[2], "w"))
	END
	[ "$(failure k2 pids creation)" -eq "$first" ]
	zonectl halt k2
	[ "$(counters k2 refused_pids)" -eq "$first" ]
	zonectl destroy -q --force -y k2
}

@test "packets that a full rate drops are counted, those of net-out over all boots" {
	zonectl create n1 -t minimal --net-in 80K --net-out 80K --boot
	ip=$(fact n1 addresses | json "[a for a in d if '.' in a][0]")
	for _ in {1..100}; do
		head -c 1400 /dev/zero >"/dev/udp/$ip/9"
	done
	[ "$(failure n1 net-in boot)" -ge 1 ]
	[ "$(failure n1 net-in creation)" = null ]
	static_program "$BATS_TEST_TMPDIR/flood" <<-'END'
		#include <arpa/inet.h>
		#include <sys/socket.h>
		int main(void)
		{
			struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = 9 };
			static char data[1400];
			int s = socket(AF_INET, SOCK_DGRAM, 0);
			inet_pton(AF_INET, "169.254.1.1", &to.sin_addr);
			for (int i = 0; i < 300; i++)
				sendto(s, data, sizeof(data), 0, (struct sockaddr *)&to, sizeof(to));
		}
	END
	put n1 "$BATS_TEST_TMPDIR/flood" /flood
	zonectl exec n1 -- /flood
	first=$(failure n1 net-out boot)
	[ "$first" -ge 1 ]
	zonectl halt n1
	[ "$(failure n1 net-out creation)" -eq "$first" ]
	zonectl destroy -q --force -y n1
}

@test "a list of many zones is whole and in order, with what could not be read" {
	zonectl create -q -j 2 'many{001..300}' -t minimal --net none --tags a,b
	echo '{' >"$ZONECTL_ROOT/var/lib/zonectl/zones/many280/zone.json"
	run --separate-stderr zonectl list -a --json 'many*'
	[ "$status" -eq 9 ]
	[ "$(json "[r['name'] for r in d] == ['many%03d' % i for i in range(1, 301)]" <<<"$output")" = true ]
	[ "$(json "[r['name'] for r in d if r['tags'] != ['a', 'b']]" <<<"$output")" = '["many280"]' ]
	holds "1 of 300 failed"
	[ "$(zonectl stat -a -H -o name 'many*' | wc -l)" -eq 300 ]
	cp "$ZONECTL_ROOT"/var/lib/zonectl/zones/many2{79,80}/zone.json
	sed -i s/many279/many280/ "$ZONECTL_ROOT/var/lib/zonectl/zones/many280/zone.json"
	zonectl destroy -q -y -j 2 'many*'
}

@test "counters that somebody spoilt count from nothing and hold nobody up" {
	zonectl create k3 -t minimal --pids 8 --boot
	echo '{"refused_pids": "many", "last-boot": 7' >"$ZONECTL_ROOT/var/lib/zonectl/zones/k3/counters.json"
	refuse_pids k3
	first=$(failure k3 pids boot)
	[ "$(failure k3 pids creation)" -eq "$first" ]
	zonectl halt k3
	[ "$(counters k3 refused_pids)" -eq "$first" ]
	zonectl destroy -q --force -y k3
}

@test "stat --failures leaves out what never said no, unless all is asked for" {
	zonectl create z1 -t minimal --boot
	run zonectl stat --failures -H z1
	[ -z "$output" ]
	run zonectl stat --failures -H -a -o limit z1
	[[ " ${lines[*]} " == *" pids "* ]]
	[ "${#lines[@]}" -ge 8 ]
	zonectl destroy -q --force -y z1
}

@test "a frozen zone holds neither stat nor list nor ps up" {
	running w1
	zonectl freeze w1
	run -0 timeout 5 "$ZONECTL" stat w1
	run -0 timeout 5 "$ZONECTL" list
	run -0 timeout 5 "$ZONECTL" ps w1
	zonectl thaw w1
}

@test "stat refuses what makes no sense" {
	fails 2 "zonectl: stat: no column 'colour'
  columns: $("$ZONECTL" stat -o colour 2>&1 | sed -n 's/^  columns: //p')" zonectl stat -o colour
	fails 2 "zonectl: stat: option '--watch': from 10ms to 24h" zonectl stat -w 1ms
	fails 2 "zonectl: stat: option '--watch': 'soon' is no time (a number with ms, s, m or h, as 90s)" zonectl stat -w soon
	fails 2 "zonectl: stat: option '--count' is for '--watch'" zonectl stat -c 3
	fails 2 "zonectl: stat: '--failures' and '--watch' exclude each other" zonectl stat --failures -w 1
	fails 3 'zonectl: stat: no zone "nope"
  try: zonectl list -a' zonectl stat nope
}

@test "info shows peaks, swap and input and output" {
	running w1
	[ "$(fact w1 pids_peak)" -ge 2 ]
	zonectl info w1 --json | json "[d[k] for k in ('swap_bytes', 'io_read_bytes', 'io_written_bytes', 'oom_kills')]"
}
