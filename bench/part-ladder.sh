# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154 # read by bench/run
#
# --ladder: the loops once more, each time without one rung of the ladder; what is printed is how much
# longer a loop takes without it.  The runs with everything and without a rung alternate.
part_ladder() {
	[ -n "$ladder" ] || return 0
	for rung in $("$build/lgemu" --cpu-without=help | cut -d' ' -f1); do
		say "without $rung"
		i=0
		while [ $i -lt "$runs" ]; do
			i=$((i + 1))
			ours tenth | sed 's/^/with /'
			ours tenth "$rung" | sed 's/^/without /'
		done | sed "s/^/$rung /"
	done >"$tmp/ladder"
	awk -f "$tmp/middle.awk" -f - "$tmp/ladder" <<'AWK'
!($1 in seen) { seen[$1] = 1; rung[++n] = $1 }
{ add($1 " " $2 " " $3, $4 / $5) }
END {
	loops = split("A B C H D E F G", loop, " ")
	printf "\n%-24s", "without, times as long"
	for (k = 1; k <= loops; k++) printf " %6s", loop[k]
	printf "\n"
	for (i = 1; i <= n; i++) {
		printf "%-24s", rung[i]
		for (k = 1; k <= loops; k++)
			printf " %6.2f", middle(rung[i] " without " loop[k]) / middle(rung[i] " with " loop[k])
		printf "\n"
	}
}
AWK
}
