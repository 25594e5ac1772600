# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154 # read by bench/run
#
# The price of an exit, Guest to Switcher to Host and back, by a guest that does nothing else.
part_switch() {
	count=$((2000 * percent))
	if ! "$CC" --target=i386-linux-gnu -ffreestanding -nostdlib -DCOUNT=$count -I "$top/guests/lib" -c \
		"$top/bench/switch.S" -o "$tmp/switch.o" ||
		! ld.lld -m elf_i386 -T "$top/guests/lib/tiny.ld" "$tmp/switch.o" -o "$tmp/switch.elf"; then
		say "no world switches: $CC and ld.lld cannot make a guest"
		return
	fi
	i=0
	while [ $i -lt "$runs" ]; do
		i=$((i + 1))
		"$tmp/measure" switches "$tmp/switch.elf"
	done >"$tmp/switches"
	awk -f "$tmp/middle.awk" -f - "$tmp/switches" <<'AWK'
{ add("ns", $1 / $2); exits = $2; host = $3; switcher = $4 }
END {
	printf "world switch (cheapest hypercall and back): %.0f ns (spread %.2f), %.0f instructions of the Host, %.0f of the Switcher\n", \
		middle("ns"), spread("ns"), host / exits, switcher / exits
}
AWK
}
