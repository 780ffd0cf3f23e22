#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# charts.sh DIRECTORY: draws the points of RESULTS.json and DENSITY.json there as SVG files beside them:
# bars for what was measured once, lines for what grows with the number of zones.
set -euo pipefail

dir=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

command -v gnuplot >/dev/null || { echo "bench: no charts without gnuplot (bench/setup)" >&2; exit 0; }

# Lines "CHART<tab>SERIES<tab>N<tab>VALUE". At the same number of zones the later file counts.
{ cat "$dir"/RESULTS.json "$dir"/DENSITY.json 2>/dev/null || :; } |
	sed -n 's/^{"chart": "\([^"]*\)", "series": "\([^"]*\)", "n": \([0-9]*\), "value": \([0-9.]*\)}.*/\1\t\2\t\3\t\4/p' |
	sort -t $'\t' -s -k 1,1 -k 2,2 -k 3,3n | awk -F '\t' '{ v[$1 FS $2 FS $3] = $0 } END { for (k in v) print v[k] }' |
	sort -t $'\t' -s -k 1,1 -k 2,2 -k 3,3n >"$work/points"

head_of() {
	cat <<-END
		set terminal svg size 800,450 dynamic enhanced font "sans,13" background "white"
		set output "$dir/$1.svg"
		set title "$2" noenhanced
		set grid ytics lc rgb "#dddddd"
		set border 3
		set tics nomirror out
	END
}

# bars CHART TITLE UNIT ["log"]
bars() {
	awk -F '\t' -v chart="$1" '$1 == chart { print $2 "\t" $4 }' "$work/points" | sort -t $'\t' -k 2,2g >"$work/$1"
	[ -s "$work/$1" ] || return 0
	{
		head_of "$1" "$2"
		cat <<-END
			set ylabel "$3"
			set datafile separator "\t"
			set style fill solid 0.8 noborder
			set boxwidth 0.6
			set xtics rotate by -25 noenhanced
			set key off
			${4:+set logscale y}
			${4:+set yrange [0.5:*]}
			${4:-set yrange [0:*]}
			plot "$work/$1" using 0:2:(stringcolumn(1)[1:7] eq "zonectl" ? 0x2266aa : 0x999999):xtic(1) \
				with boxes lc rgb variable, \
				"" using 0:2:(sprintf("%.3g", \$2)) with labels offset 0,0.7
		END
	} | sed 's/^log$//' | gnuplot
}

# lines CHART TITLE UNIT
lines() {
	local series plot=''

	while read -r series; do
		awk -F '\t' -v chart="$1" -v series="$series" '$1 == chart && $2 == series { print $3, $4 }' \
			"$work/points" >"$work/$1.$series"
		plot+="${plot:+, }\"$work/$1.$series\" with linespoints pt 7 ps 0.6 lw 2 title \"$series\" noenhanced"
	done < <(awk -F '\t' -v chart="$1" '$1 == chart { print $2 }' "$work/points" | uniq)
	[ -n "$plot" ] || return 0
	{
		head_of "$1" "$2"
		cat <<-END
			set ylabel "$3"
			set xlabel "zones that run"
			set logscale x
			set yrange [0:*]
			set key outside right
			plot $plot
		END
	} | gnuplot
}

bars start 'One /bin/true in a fresh container' 'ms, logarithmic' log
bars boot 'Booting minimal with a routed network, until init runs' ms
bars debian 'Booting Debian 12, until systemd is ready' ms
bars native 'Speed in a zone, the host is 1' ratio
lines fleet 'Booting the Nth of a thousand zones' 'ms each'
lines scaling 'Whole commands when N zones run' ms
