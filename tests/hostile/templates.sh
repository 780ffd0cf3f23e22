#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# D1, D2, D6, D7: what a zone's root left behind, read by those who make templates of zones and
# archives of templates.

. "$(dirname "${BASH_SOURCE[0]}")/lib.bash"

# What template make takes out or reads, and the directories above.
paths="etc/machine-id etc/ssh root/.ssh/authorized_keys root/.bash_history var/log var/log/journal var/cache/apt \
	var/lib/dhcp var/lib/systemd/random-seed var/lib/cloud tmp var/tmp run etc/os-release etc var root"
shapes="absolute dots dangling loop file fifo socket"
stores="overlay copy"
if [ "$mode" = quick ]; then
	paths="etc/machine-id var/log tmp" shapes="absolute fifo" stores=overlay
fi
up=../../../../../../../../../../../../../..

# plant TREE PATH SHAPE TARGET: puts it there, as the zone's root could.
plant() {
	local at=$1/$2

	mkdir -p "${at%/*}" && rm -rf --one-file-system "$at"
	case $3 in
	absolute) ln -s "$4" "$at" ;;
	dots)     ln -s "$up$4" "$at" ;;
	dangling) ln -s /nowhere/at/all "$at" ;;
	loop)     ln -s "${at##*/}" "$at" ;;
	file)     echo hostile >"$at" ;;
	fifo)     mkfifo "$at" ;;
	socket)   python3 -c 'import os, socket, sys; os.chdir(sys.argv[1]); socket.socket(socket.AF_UNIX).bind(sys.argv[2])' \
			"${at%/*}" "${at##*/}" ;;
	esac
}

target_of() {
	case $1 in
	*/*-id|*/*_keys|*/*_history|*/random-seed|*/os-release) echo "$canary/file" ;;
	*) echo "$canary/dir" ;;
	esac
}

tree_of() {
	[ "$2" = overlay ] && echo "$zones/$1/data/upper" || echo "$zones/$1/data/root"
}

printable() {
	! LC_ALL=C.UTF-8 grep -qP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' "$1"
}

# through WHAT: makes a template of zone v and an archive of the template; all of it is the zone's.
through() {
	local status=0

	canary_take
	z template make v --name made >"$box/said" 2>&1
	sane $? || { echo "# make: $(<"$box/said")"; status=1; }
	printable "$box/said" || { echo "# make says what is not printable"; status=1; }
	if z template info made >"$box/said" 2>&1; then
		z template verify made >"$box/said" 2>&1 || { echo "# verify: $(<"$box/said")"; status=1; }
		z template export made -o "$box/made.tar" 2>"$box/said"
		sane $? || { echo "# export: $(<"$box/said")"; status=1; }
		if [ -e "$box/made.tar" ]; then
			! grep -aq precious "$box/made.tar" || { echo "# the canary is in the archive"; status=1; }
			z template import -q "$box/made.tar" --name again >"$box/said" 2>&1 ||
				{ echo "# import: $(<"$box/said")"; status=1; }
		fi
		rm -f "$box/made.tar"
		z template remove -q -y made again >/dev/null 2>&1 || z template remove -q -y made >/dev/null 2>&1
	fi
	canary_same || status=1
	nothing_staged || status=1
	attempt "$1" "$status"
}

nothing_staged() {
	local left

	left=$(find "$ZONECTL_ROOT/var/lib/zonectl/templates/.objects" -maxdepth 1 -name '.*' ! -name .objects)
	[ -z "$left" ] || { echo "# left: $left"; return 1; }
}

naive_falls() {
	z create -q v -t minimal
	plant "$(tree_of v overlay)" var/log absolute "$canary/dir"
	canary_take
	"$naive" rm "$(tree_of v overlay)/var/log"
	! canary_same >/dev/null
	local status=$?
	z destroy -q --force -y v
	mkdir -p "$canary/dir/sub"
	echo precious >"$canary/dir/sub/file"
	touch -d @1000000000 "$canary/dir/sub/file" "$canary/dir/sub" "$canary/dir" "$canary"
	return $status
}

shapes_all() {
	local path shape store

	caught naive_falls
	for store in $stores; do
		for path in $paths; do
			for shape in $shapes; do
				z create -q v -t minimal --storage "$store" || attempt "create" 1
				plant "$(tree_of v "$store")" "$path" "$shape" "$(target_of "$path")"
				through "$store, $path is $shape"
				z destroy -q --force -y v
			done
		done
	done
	score D1 "shapes of paths that template make cleans, then export and import"
}

# The digest of holes takes its time; who does not want to wait ends it, and nothing is left.
given_up() {
	local status

	timeout -s INT 2 "$ZONECTL" template make v --name made >"$box/said" 2>&1 3>&-
	status=$?
	[ "$status" -ne 0 ] || echo "# it was done in 2 s"
	! z template info made >/dev/null 2>&1 && canary_same && nothing_staged
}

# What costs or confuses whoever walks the tree or shows its names.
names_all() {
	local tree deep

	z create -q v -t minimal
	tree=$(tree_of v overlay)
	mkdir -p "$tree"/tmp "$tree"/var/log "$tree"/srv
	touch "$tree/tmp/"$'\e]0;evil\a' "$tree/var/log/"$'a\nb' "$tree/srv/"$'\xff\xfe' "$tree/srv/-rf" "$tree/srv/%s%n" \
		"$tree/srv/"$'\xe2\x80\xae' "$tree/srv/"';touch x'
	through "names that drive a terminal"
	caught grep -qP '\x1b' <(find "$tree/tmp")
	python3 - "$tree/tmp" "$tree/srv" <<-'END'
		import os, sys
		for top in sys.argv[1:]:
		    fd = os.open(top, os.O_RDONLY)
		    for i in range(3000 if top.endswith("tmp") else 200):
		        os.mkdir("d", dir_fd=fd)
		        inner = os.open("d", os.O_RDONLY, dir_fd=fd)
		        os.close(fd)
		        fd = inner
	END
	through "3,000 levels in a place that is cleaned, 200 in one that is not"
	deep=$tree/srv
	python3 - "$deep" <<-'END'
		import os, sys
		fd = os.open(sys.argv[1], os.O_RDONLY)
		for i in range(3000):
		    os.mkdir("e", dir_fd=fd)
		    inner = os.open("e", os.O_RDONLY, dir_fd=fd)
		    os.close(fd)
		    fd = inner
	END
	LIMIT=60 through "3,000 levels in a place that is kept"
	z destroy -q --force -y v
	z create -q v -t minimal
	tree=$(tree_of v overlay)
	mkdir -p "$tree/srv"
	truncate -s 60G "$tree/srv/holes"
	setfattr -n user.x -v "$(head -c 3000 /dev/zero | tr '\0' x)" "$tree/srv"
	canary_take
	given_up
	attempt "a file of 60 GiB of holes can be given up" $?
	z destroy -q --force -y v
	score D6 "names, depth and holes of a zone's own"
}

store_open
shapes_all
names_all
done_scores
