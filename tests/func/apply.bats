#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# zonectl apply, export-fleet
# shellcheck disable=SC2154	# run --separate-stderr sets stderr

load ../lib/zone

setup_file() { store_open; }
teardown_file() { store_close; }
setup() {
	zone_setup
	cd "$BATS_TEST_TMPDIR" || return
}

# Zones of one test are nothing to the next.
teardown() {
	[ -z "$(zonectl list -a -H -o name)" ] || zonectl destroy -q --force -y --all
}

# fleet GROUPS [MEMBERS]: shop.json with these groups, and members of the file with commas behind them.
fleet() {
	printf '{ "fleet": 1, %s\n"groups": {\n%s\n} }\n' "${2:-}" "$1" >shop.json
}

zones() { zonectl list -a -H -o name | paste -sd ' '; }

property() { zonectl info "$1" --json | json "d['properties']['$2']"; }

# refuses FAULT FILE-MEMBERS...: apply tells exactly this fault and makes nothing.
refuses() {
	local fault=$1

	shift
	fleet "$@"
	fails 2 "zonectl: apply: shop.json:$fault" zonectl apply shop.json
	[ -z "$(zones)" ]
}

small='"template": "minimal", "properties": {"net": "none"}'

@test "apply makes the zones, and the second time there is nothing to do" {
	fleet '"web": { "count": 3, "pattern": "web-##", "state": "installed", '"$small"' },
		"db": { '"$small"' }'
	prints "+ create db, web-{01..03}" zonectl apply shop.json
	[ "$(zones)" = "db web-01 web-02 web-03" ]
	state_is db running
	state_is web-01 installed
	[ "$(fact db fleet)" = shop ]
	prints "nothing to do" zonectl apply shop.json
	prints '{"fleet":"shop","changes":[]}' zonectl apply shop.json --json
	prints "" zonectl apply shop.json --quiet
}

@test "apply changes what differs, and says what waits for the next boot" {
	fleet '"web": { "names": "web{1..2}", "template": "minimal",
		"properties": { "net": "none", "memory": "64M", "tags": "a,b" } }'
	zonectl apply -q shop.json
	zonectl halt -q web2
	zonectl set web1 description="by hand"
	fleet '"web": { "names": "web{1..2}", "template": "minimal", "plan": "w" }' \
		'"plans": { "base": { "net": "none", "env": ["A=1"] }, "w": { "extends": "base", "memory": "128M" } },'
	prints '~ web1 description by hand -> none
~ web2 env none -> A=1
~ web1 env none -> A=1 (next boot)
~ web{1,2} memory 64M -> 128M
~ web{1,2} plan none -> w
~ web{1,2} tags a,b -> none
+ boot web2' zonectl apply shop.json
	[ "$(property web1 memory)" = 134217728 ]
	[ "$(property web1 env)" = '["A=1"]' ]
	[ "$(property web1 tags)" = '[]' ]
	[ "$(fact web1 plan)" = w ]
	state_is web2 running
	prints "nothing to do" zonectl apply shop.json
}

@test "apply boots and stops as the state says, and leaves any as it is" {
	fleet '"on": { '"$small"' }, "off": { "state": "installed", '"$small"' }, "as-is": { "state": "any", '"$small"' }'
	zonectl apply -q shop.json
	zonectl halt -q on
	zonectl boot off as-is
	prints "- stop off
+ boot on" zonectl apply shop.json
	state_is on running
	state_is off installed
	state_is as-is running
	fleet '"on": { "state": "absent" }, "off": { "state": "absent" }, "as-is": { "state": "any", '"$small"' }'
	prints "- destroy off, on" zonectl apply shop.json
	[ "$(zones)" = as-is ]
}

@test "dry-run changes nothing and exits 10 if apply would" {
	fleet '"web": { "count": 2, "state": "installed", '"$small"' }'
	exits 10 zonectl apply shop.json --dry-run
	[ "$output" = "+ create web{1,2}" ]
	[ -z "$(zones)" ]
	zonectl apply -q shop.json
	zonectl set web1 pids=100
	exits 10 zonectl apply shop.json -n --json
	[ "$(json "[c for c in d['changes']]" <<<"$output")" = \
		'[{"zone": "web1", "action": "set", "property": "pids", "from": "100", "to": "4096", "when": "now"}]' ]
	[ "$(property web1 pids)" = 100 ]
	zonectl set web1 pids=
	prints "nothing to do" zonectl apply shop.json -n
}

@test "prune removes what the file does not name, of zones that an apply of it made" {
	zonectl create mine -t minimal --net none
	fleet '"web": { "count": 3, "state": "installed", '"$small"' }' '"name": "first",'
	zonectl apply -q shop.json
	sed 's/first/second/; s/"web"/"other"/; s/3/1/' shop.json >second.json
	zonectl apply -q second.json
	fleet '"web": { "count": 1, "state": "installed", '"$small"' }, "mine": { "state": "installed", '"$small"' }' '"name": "first",'
	prints "nothing to do" zonectl apply shop.json
	mv "$ZONECTL_ROOT/var/lib/zonectl/zones/"{web3,.old-web3}	# as a killed apply leaves it
	prints "- destroy web{2,3}" zonectl apply shop.json --prune
	[ "$(zones)" = "mine other1 web1" ]
	[ "$(fact mine fleet)" = None ] || [ "$(fact mine fleet)" = null ]
	fleet '' '"name": "first",'
	prints "- destroy web1" zonectl apply shop.json --prune
	[ "$(zones)" = "mine other1" ]
}

@test "every fault of a file is told with line and column before anything is made" {
	cat >shop.json <<-'END'
		{
		  "fleet": 1, "colour": "red",
		  "plans": { "a": { "memory": "lots", "memry": 1 } },
		  "groups": {
		    "good": { "template": "minimal" },
		    "web": { "count": 2, "pattern": "web", "template": "minimal", "plan": "none" },
		    "db": { "names": ["db{1..", "UP"], "template": 7, "state": "up", "memory": "1G" }
		  }
		}
	END
	fails 2 'zonectl: apply: shop.json:2:25: colour: no such key
zonectl: apply: shop.json:3:31: plans.a.memory: '"'lots'"' is no size (a number with K, M, G or T, as 512M)
zonectl: apply: shop.json:3:48: plans.a.memry: no such property (did you mean "memory"?)
zonectl: apply: shop.json:6:37: groups.web.pattern: has no place for one number ('"'#', '###'"')
zonectl: apply: shop.json:6:75: groups.web.plan: no plan "none"
zonectl: apply: shop.json:7:23: groups.db.names[0]: '"'db{1..'"': braces don'"'"'t match
zonectl: apply: shop.json:7:33: groups.db.names[1]: '"'UP'"': bad name (a-z, 0-9, '"'.', '_' and '-'"', beginning with a letter or digit)
zonectl: apply: shop.json:7:52: groups.db.template: expected a string, found a number
zonectl: apply: shop.json:7:64: groups.db.state: no state '"'up'"' (there are running, installed, any, absent)
zonectl: apply: shop.json:7:80: groups.db.memory: a property, which stands in "properties"
zonectl: apply: nothing was changed: 10 faults in shop.json' zonectl apply shop.json
	[ -z "$(zones)" ]
	exits 2 zonectl apply shop.json --json
	[ "$(head -n 1 <<<"$output" | json "d['error']['exit']")" = 2 ]
	printf '{ "fleet": 1,\n "groups": { }, }' >shop.json
	exits 2 zonectl apply shop.json
	holds 'zonectl: apply: shop.json:2:17: '
}

@test "what extends itself is a fault, by way of others too" {
	fleet '"a": { "extends": "b", "template": "minimal" }, "b": { "extends": "a" }, "c": { "extends": "a" }'
	exits 2 zonectl apply shop.json
	holds 'shop.json:3:19: groups.a.extends: "a" extends itself, by way of others'
	holds 'shop.json:3:67: groups.b.extends: "b" extends itself, by way of others'
	refuses '1:43: plans.p.extends: "p" extends itself' '"a": { "plan": "p", "template": "minimal" }' \
		'"plans": {"p": { "extends": "p" }},'
	refuses '3:19: groups.a.extends: no group "z"' '"a": { "extends": "z", "template": "minimal" }'
}

@test "a zone that stands in two groups is a fault" {
	refuses '4:6: groups.b: zone "b" is in group "a" too (line 3)' '"a": { "names": ["a", "b"], '"$small"' },
"b": { '"$small"' }'
	refuses '3:36: groups.a.names[1]: zone "web2" is in group "a" already (line 3)' \
		'"a": { "names": [ "web{1..2}",     "web2"], '"$small"' }'
}

@test "a template that is not there is a fault, and one that is another is said" {
	refuses '3:20: groups.a.template: no template "debian-99"' '"a": { "template": "debian-99" }'
	refuses '3:6: groups.a: no key "template"' '"a": { "count": 1 }'
	fleet '"a": { "state": "installed", "template": "base", "properties": {"net": "none"} }' '"templates": {"base": "minimal"},'
	zonectl apply -q shop.json
	sed -i 's/"base": "minimal"/"base": "other"/' shop.json
	run zonectl apply shop.json
	[ "$status" -eq 0 ]
	[[ ${lines[0]} == '! a template minimal -> other (stays: '* ]]
	[ "${lines[1]}" = "nothing to do" ]
	exits 0 zonectl apply shop.json -n
}

@test "a template that the file says where to find is imported first, once" {
	zonectl template export minimal -o app.tar
	fleet '"a": { "state": "installed", "template": "app", "properties": {"net": "none"} }' \
		'"templates": { "app": { "file": "app.tar" } },'
	exits 10 zonectl apply "$PWD/shop.json" -n
	[ "$output" = "+ import template app from $PWD/app.tar
+ create a" ]
	exits 10 zonectl apply shop.json -n --json
	[ "$(json "d['changes'][0]" <<<"$output")" = '{"template": "app", "action": "import", "from": "app.tar"}' ]
	prints "+ import template app from app.tar
+ create a" zonectl apply shop.json
	[ "$(fact a template)" = app ]
	zonectl destroy -y a
	rm app.tar
	prints "+ create a" zonectl apply shop.json
	zonectl destroy -y a
	zonectl template remove app
	fails 2 'zonectl: apply: shop.json:1:47: templates.app.file: can'"'"'t be read: No such file or directory' \
		zonectl apply shop.json
	zonectl template export minimal -o app.tar
	sed -i 's/"app.tar"/"app.tar", "digest": "sha256:'"$(printf '0%.0s' {1..64})"'"/' shop.json
	exits 2 zonectl apply shop.json || [ "$status" -eq 1 ]
	holds "zonectl: apply: template 'app': "
	[ -z "$(zones)" ]
}

@test "a pool gives each zone an address, which it keeps" {
	fleet '"web": { "count": 2, "state": "installed", "template": "minimal", "pool": "front" },
		"fix": { "state": "installed", "template": "minimal", "properties": { "ip": "10.77.0.2" } }' \
		'"pools": { "front": { "ipv4": "10.77.0.0/29", "ipv6": "fd77::/64" } },'
	zonectl apply -q shop.json
	[ "$(property web1 ip)" = '["10.77.0.1", "fd77::1"]' ]
	[ "$(property web2 ip)" = '["10.77.0.3", "fd77::3"]' ]
	prints "nothing to do" zonectl apply shop.json
	zonectl destroy -y web1
	sed -i 's/"count": 2/"names": ["web2", "web0"]/' shop.json
	prints "+ create web0" zonectl apply shop.json
	[ "$(property web0 ip)" = '["10.77.0.1", "fd77::1"]' ]
	[ "$(property web2 ip)" = '["10.77.0.3", "fd77::3"]' ]
}

@test "a pool that is too small is said before anything is made" {
	fleet '"web": { "count": 6, "template": "minimal", "pool": "front" }' \
		'"pools": { "front": { "ipv4": "10.77.0.0/30" } },'
	exits 2 zonectl apply shop.json
	holds 'pools.front: too small: 4 of the 6 zones that take from it get no address'
	mkdir -p "$ZONECTL_ROOT/etc/zonectl"
	echo '{ "address-pools": [{ "name": "lan", "ipv4": "10.78.0.0/29" }] }' >"$ZONECTL_ROOT/etc/zonectl/zonectl.json"
	fleet '"web": { "count": 7, "template": "minimal" }'
	run zonectl apply shop.json
	rm "$ZONECTL_ROOT/etc/zonectl/zonectl.json"
	[ "$status" -eq 2 ]
	holds 'groups.web: the address-pools of this host are too small: 6 addresses are free, and 7 zones are to be made with one'
	[ -z "$(zones)" ]
}

@test "addresses and ports that two would have are told before anything is made" {
	fleet '"a": { "template": "minimal", "properties": { "ip": "10.77.1.1", "publish": "8080:80" } },
		"b": { "template": "minimal", "properties": { "ip": ["10.77.1.1"], "publish": "8000-8100:8000-8100" } },
		"c": { "count": 2, "template": "minimal", "properties": { "ip": "10.77.1.9" } }'
	exits 2 zonectl apply shop.json
	holds 'groups.b.properties.ip: 10.77.1.1 is in group "a" too'
	holds 'groups.b.properties.publish: ports 8000-8100/tcp, which group "a" has too'
	holds "groups.c.properties.ip: an address is one zone's, and there are 2 in this group"
	[ -z "$(zones)" ]
	zonectl create old -t minimal --ip 10.77.1.1 --publish 8080:80
	fleet '"a": { "template": "minimal", "properties": { "ip": "10.77.1.1", "publish": "8080:80" } }'
	exits 2 zonectl apply shop.json
	holds "groups.a.properties.ip: 10.77.1.1 is zone \"old\"'s"
	holds 'groups.a.properties.publish: a port of these leads to zone "old"'
	[ "$(zones)" = old ]
}

@test "keys are given by name, and groups have what they extend" {
	local key='ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFq0g9n1YtVTd7dVPyHjDpQcvFkH2bq9sNf4Ywk0bUqX'

	fleet '"base": { "count": 0, "keys": ["ann"], "state": "installed", "template": "minimal",
			"properties": { "net": "none", "pids": 100, "autoboot": true } },
		"web": { "extends": "base", "properties": { "pids": 200 } }' '"keys": { "ann": "'"$key"' ann" },'
	prints "+ create web" zonectl apply shop.json
	[ "$(property web pids)" = 200 ]
	[ "$(property web autoboot)" = yes ]
	[ "$(property web ssh-key)" = "[\"$key ann\"]" ]
	prints "nothing to do" zonectl apply shop.json
}

@test "keys are read from files beside the fleet's, and a bad one is told with its place" {
	mkdir keys
	ssh-keygen -q -t ed25519 -N '' -C ann@desk -f keys/ann
	ssh-keygen -q -t ed25519 -N '' -C ben -f keys/ben
	{ echo '# the team'; cat keys/ann.pub; echo; cat keys/ben.pub; } >keys/team
	fleet '"web": { "keys": ["team"], "state": "installed", '"$small"' }' '"keys": { "team": {"file": "keys/team"} },'
	mkdir elsewhere
	(cd elsewhere && prints "+ create web" zonectl apply ../shop.json)
	[ "$(property web ssh-key)" = "[\"$(cat keys/ann.pub)\", \"$(cat keys/ben.pub)\"]" ]
	fleet '"web": { "keys": ["a", "b", "c"], '"$small"' }' \
		'"keys": { "a": {"file": "keys/ann"}, "b": {"file": "no"}, "c": {"name": "keys/team"} },'
	exits 2 zonectl apply shop.json
	holds "keys.a.file: 'keys/ann' is a private key"
	holds "keys.b.file: open 'no': No such file or directory"
	holds 'keys.c: no key "file"'
	holds 'keys.c.name: no such key (there is file)'
}

@test "a zone of another fleet is not taken" {
	fleet '"web": { "state": "installed", '"$small"' }'
	zonectl apply -q shop.json
	cp shop.json mine.json
	fails 2 'zonectl: apply: mine.json:3:8: groups.web: zone "web" is of fleet "shop"' zonectl apply mine.json
}

@test "of two applies at once the second says who is at work, and exits 5" {
	fleet '"web": { "state": "installed", '"$small"' }' '"name": "shop",'
	mkfifo pipe
	zonectl apply - <pipe >first.log 2>&1 &
	exec 9>pipe
	deadline 5 is_locked
	exits 5 zonectl apply shop.json
	[[ $output == "zonectl: apply: another apply is at work: held by '"*"zonectl apply -' (pid "*") for "* ]]
	prints "+ create web" zonectl apply shop.json -n || [ "$status" -eq 10 ]
	cat shop.json >&9
	exec 9>&-
	wait
	[ "$(cat first.log)" = "+ create web" ]
	prints "nothing to do" zonectl apply shop.json
}

is_locked() {
	not flock -n "$ZONECTL_ROOT/var/lib/zonectl/zones" true >/dev/null
}

@test "a running zone that apply made does not keep the next apply out" {
	fleet '"web": { '"$small"' }'
	zonectl apply -q shop.json
	flock -n "$ZONECTL_ROOT/var/lib/zonectl/zones" true
}

some_are_made() {
	[ "$(zonectl list -a -H -o name | wc -l)" -ge 5 ]
}

@test "an apply that was killed or interrupted half-way is finished by the next" {
	local sig

	fleet '"web": { "count": 60, '"$small"', "state": "installed" }'
	for sig in KILL INT; do
		setsid "$ZONECTL" apply -q shop.json 3>&- 4>&- </dev/null >"$sig.log" 2>&1 &
		deadline 10 some_are_made
		kill -s "$sig" -- "-$!" || :	# it may be through
		wait "$!" || :
		zonectl apply -q shop.json
		[ "$(zonectl list -a -H -o name,state | grep -c installed)" = 60 ]
		prints "nothing to do" zonectl apply shop.json
		fleet '' ; zonectl apply -q shop.json --prune
		[ -z "$(zones)" ]
		fleet '"web": { "count": 60, '"$small"', "state": "installed" }'
	done
}

@test "what fails is told, the others are done, and the status is 9" {
	fleet '"web": { "names": ["a", "b", "c"], '"$small"', "state": "installed" }'
	zonectl apply -q shop.json
	sed -i 's/"net": "none"/"net": "none", "pids": 50/' shop.json
	flock "$ZONECTL_ROOT/var/lib/zonectl/zones/b" sleep 60 &
	deadline 5 not flock -n "$ZONECTL_ROOT/var/lib/zonectl/zones/b" true
	run --separate-stderr zonectl apply shop.json
	pkill -P "$!" || :
	kill "$!" || :
	wait || :
	[ "$status" -eq 9 ]
	[[ $stderr == *"zonectl: apply b: set: held by 'flock "* ]]
	[[ $stderr == *"zonectl: apply: set: 1 of 3 failed"* ]]
	[ "$(property a pids)" = 50 ]
	[ "$(property c pids)" = 50 ]
	prints "~ b pids 4096 -> 50" zonectl apply shop.json
}

@test "on a terminal apply asks first" {
	fleet '"web": { "count": 2, "state": "installed", '"$small"' }'
	on_terminal /dev/stdin <<-'END'
		zonectl apply shop.json
		see "+ create web{1,2}"
		see {change 2 zones so? [y/N]}
		type n
		see "zonectl: apply: nothing was changed"
		ends 1
	END
	[ -z "$(zones)" ]
	on_terminal /dev/stdin <<-'END'
		zonectl apply shop.json
		see {[y/N]}
		type y
		ends 0
	END
	[ "$(zones)" = "web1 web2" ]
}

@test "export-fleet writes what apply has nothing to do with" {
	prints '{
  "fleet": 1,
  "groups": {}
}' zonectl export-fleet
	zonectl create 'web{01..12}' -t minimal --net none --plan small --pids 77 --tags a,b
	zonectl create db -t minimal --plan small --cpus= --ip 10.77.2.1 --publish 8080:80 --env 'A=b c' --env B= --cpu-burst=
	zonectl create up -t minimal --net none --features none --autoboot yes
	zonectl boot up
	zonectl export-fleet >shop.json
	[ "$(json "d['groups']['web']" <shop.json)" = '{"names": "web{01..12}", "template": "minimal", "plan": "small", '\
'"state": "installed", "properties": {"tags": ["a", "b"], "pids": 77, "storage": "overlay", "net": "none"}}' ]
	[ "$(json "d['groups']['db']['properties']['cpus']" <shop.json)" = null ]
	[ "$(json "d['groups']['up']['state']" <shop.json)" = running ]
	prints "nothing to do" zonectl apply shop.json
	zonectl destroy -q -y db
	prints "+ create db" zonectl apply shop.json
	zonectl export-fleet >again.json
	[ "$(json "d['name']" <again.json)" = shop ]
	prints "nothing to do" zonectl apply again.json
	zonectl export-fleet --fleet shop | json "list(d['groups'])" | grep -xF '["db"]'
	fleet '"more": { "state": "installed", '"$small"' }' '"name": "other",'
	zonectl apply -q shop.json
	exits 2 zonectl export-fleet
	holds 'there are zones of fleet "shop" and of fleet "other"'
	zonectl export-fleet --fleet other | json "list(d['groups'])" | grep -xF '["more"]'
}

@test "plans of a file are exported as such" {
	fleet '"a": { "plan": "mine", "state": "installed", "template": "minimal" }' '"plans": { "mine": { "net": "none", "pids": 9 } },'
	zonectl apply -q shop.json
	zonectl export-fleet >again.json
	[ "$(json "[d['plans'], d['groups']['a']['plan'], d['groups']['a']['properties']['pids']]" <again.json)" = \
		'[{"mine": {}}, "mine", 9]' ]
	prints "nothing to do" zonectl apply again.json
}

# agrees WANT: of each file, a line of standard input, the schema says "takes" or "refuses", and so does apply.
agrees() {
	local file verdict

	cat >files
	python3 - "$ZONE_SRCDIR/schema/fleet.schema.json" files >verdicts <<-'END' || return
		import json, sys
		from jsonschema import Draft202012Validator
		schema = json.load(open(sys.argv[1]))
		Draft202012Validator.check_schema(schema)
		judge = Draft202012Validator(schema)
		for line in open(sys.argv[2]): print("takes" if judge.is_valid(json.loads(line)) else "refuses", line, end="")
	END
	[ "$(wc -l <verdicts)" -eq "$(wc -l <files)" ]
	while read -r verdict file; do
		[ "$verdict" = "$1" ] || { echo "the schema $verdict: $file"; return 1; }
		echo "$file" >shop.json
		run zonectl apply -n shop.json
		[ "$status" -ne 10 ] || status=0
		verdict=takes
		[ "$status" -ne 2 ] || verdict=refuses
		[ "$verdict" = "$1" ] || { echo "apply $verdict: $file: $output"; return 1; }
	done <verdicts
}

@test "the schema takes what apply takes, and refuses what apply refuses for its form" {
	local key='ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFq0g9n1YtVTd7dVPyHjDpQcvFkH2bq9sNf4Ywk0bUqX'

	python3 -c 'import jsonschema' 2>/dev/null || skip "needs python3-jsonschema"
	echo "$key" >m.pub
	agrees takes <<-END
		{"fleet": 1}
		{"\$schema": "x", "fleet": 1, "name": "a", "description": "b", "templates": {}, "keys": {}, "pools": {}, "plans": {}, "groups": {}}
		{"fleet": 1, "templates": {"t": "minimal"}, "groups": {"a": {"template": "t"}}}
		{"fleet": 1, "templates": {"minimal": {"file": "x.tar", "digest": "sha256:$(printf 'a%.0s' {1..64})"}}, "groups": {"a": {"template": "minimal"}}}
		{"fleet": 1, "keys": {"k": "$key", "l": ["$key c"], "m": {"file": "m.pub"}}, "groups": {"a": {"template": "minimal", "keys": ["k", "l"]}}}
		{"fleet": 1, "pools": {"p": {"ipv4": "10.77.0.0/24", "ipv6": "fd77::/64"}}, "groups": {"a": {"template": "minimal", "pool": "p"}}}
		{"fleet": 1, "plans": {"p": {"description": "d", "extends": "small", "memory": "1G", "cpus": 1.5, "env": null}}, "groups": {"a": {"template": "minimal", "plan": "p"}}}
		{"fleet": 1, "groups": {"a": {"count": 2, "pattern": "x##", "template": "minimal"}, "b": {"names": "c{1..2}", "template": "minimal"}, "d": {"names": ["e", "f{1..2}"], "extends": "a"}}}
		{"fleet": 1, "groups": {"a": {"state": "absent"}, "b": {"state": "any", "template": "minimal"}, "c": {"state": "running", "template": "minimal"}}}
		{"fleet": 1, "groups": {"a": {"template": "minimal", "properties": {"autoboot": true, "tags": "a,b", "memory": 67108864, "cpus": "0.5", "features": ["tun"], "names": false, "disk": null, "cpu-burst": "10ms"}}}}
		{"fleet": 1, "groups": {"a": {"template": "minimal", "properties": {"features": "none", "storage": "overlay", "cpu-weight": 10, "net-in": "10mbit", "hostname": "a.b"}}}}
	END
	agrees refuses <<-'END'
		[]
		{}
		{"fleet": 2}
		{"fleet": "1"}
		{"fleet": 1, "name": "Not A Name"}
		{"fleet": 1, "other": 1}
		{"fleet": 1, "templates": ["t"]}
		{"fleet": 1, "templates": {"t": ""}}
		{"fleet": 1, "templates": {"t": {}}}
		{"fleet": 1, "templates": {"t": {"file": "a", "digest": "1234"}}}
		{"fleet": 1, "templates": {"t": {"file": "a", "url": "b"}}}
		{"fleet": 1, "keys": {"k": 7}}
		{"fleet": 1, "keys": {"k": {"file": 7}}}
		{"fleet": 1, "pools": {"p": {}}}
		{"fleet": 1, "pools": {"p": {"ipv5": "10.0.0.0/8"}}}
		{"fleet": 1, "plans": {"p": {"memry": "1G"}}}
		{"fleet": 1, "plans": {"p": {"extends": 1}}}
		{"fleet": 1, "plans": {"P": {}}}
		{"fleet": 1, "groups": []}
		{"fleet": 1, "groups": {"a": {"template": "minimal", "tempalte": "x"}}}
		{"fleet": 1, "groups": {"a": {"template": "minimal", "names": "b", "count": 1}}}
		{"fleet": 1, "groups": {"a": {"template": "minimal", "pattern": "b#"}}}
		{"fleet": 1, "groups": {"a": {"template": "minimal", "count": 1, "pattern": "b"}}}
		{"fleet": 1, "groups": {"a": {"template": "minimal", "count": 1, "pattern": "b#c#"}}}
		{"fleet": 1, "groups": {"a": {"template": "minimal", "count": -1}}}
		{"fleet": 1, "groups": {"a": {"template": "minimal", "count": 1.5}}}
		{"fleet": 1, "groups": {"a": {"template": "minimal", "state": "up"}}}
		{"fleet": 1, "groups": {"a": {"template": "minimal", "keys": "ann"}}}
		{"fleet": 1, "groups": {"a": {"template": "minimal", "memory": "1G"}}}
		{"fleet": 1, "groups": {"a": {"template": "minimal", "properties": {"memory": true}}}}
		{"fleet": 1, "groups": {"a": {"template": "minimal", "properties": {"autoboot": "maybe"}}}}
		{"fleet": 1, "groups": {"a": {"template": "minimal", "properties": {"tags": [1]}}}}
		{"fleet": 1, "groups": {"a": {"template": "minimal", "properties": {"features": ["flying"]}}}}
		{"fleet": 1, "groups": {"A": {"template": "minimal"}}}
	END
}

@test "of 1,000 zones as they are to be apply knows within 100 ms of processor time" {
	local TIMEFORMAT='%U %S' spent

	fleet '"web": { "count": 1000, "pattern": "web####", "state": "installed", '"$small"' }'
	prints "+ create web{0001..1000}" zonectl apply shop.json
	spent=$( { time zonectl apply shop.json >said; } 2>&1)
	[ "$(cat said)" = "nothing to do" ]
	awk '{ exit !($1 + $2 <= 0.1) }' <<<"$spent" || { echo "took $spent"; return 1; }
}
