# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154 # read by bench/run
#
# --kernel, --initrd, --pc-kernel: a real kernel as our guest beside the same one on a bare PC in QEMU
# (TCG), by CPU time.  The initrd's /init does what the word "bench" on its command line asks for, and
# says on the console GUEST-UP when it starts, "BENCH NAME ..." after each task and GUEST-DONE at the end.
# The PC's kernel needs the virtio console on PCI.
part_kernel() {
	if [ -z "$kernel" ] || [ -z "$initrd" ]; then
		say "no real guest: --kernel and --initrd name one"
		return 0
	fi
	if ! command -v qemu-system-i386 >/dev/null || [ -z "$pc_kernel" ]; then
		say "no bare PC beside the guest: that takes qemu-system-i386 and --pc-kernel"
		pc_kernel=''
	fi
	words='console=hvc0 quiet bench end=poweroff'
	i=0
	while [ $i -lt "$kernel_runs" ]; do
		i=$((i + 1))
		say "kernel, run $i of $kernel_runs"
		# shellcheck disable=SC2086 # a list of words
		"$tmp/measure" lines "$build/lgemu" --clock=virtual 128 "$kernel" --initrd="$initrd" $words \
			</dev/null 2>"$tmp/ours.log" | sed 's/^/ours /'
		[ -z "$pc_kernel" ] ||
			"$tmp/measure" lines qemu-system-i386 -M pc -accel tcg -m 128 -display none -vga none \
				-monitor none -net none -no-reboot -nodefaults -device virtio-serial-pci,max_ports=1 \
				-chardev stdio,id=console -device virtconsole,chardev=console \
				-kernel "$pc_kernel" -initrd "$initrd" -append "$words" \
				</dev/null 2>"$tmp/qemu.log" | sed 's/^/qemu /'
	done >"$tmp/kernel"
	awk -f "$tmp/middle.awk" -f - "$tmp/kernel" <<'AWK'
{ add($1 " " $2, $3 / 1e9) }
!($2 in seen) { seen[$2] = 1; task[++n] = $2 }
END {
	printf "\n%-24s %9s %6s %9s %6s %9s\n", "real guest, CPU seconds", "lgemu", "+-", "QEMU", "+-", "x QEMU"
	for (i = 1; i <= n; i++) {
		line(task[i], middle("ours " task[i]), spread("ours " task[i]), middle("qemu " task[i]), spread("qemu " task[i]))
		ours += middle("ours " task[i])
		qemu += middle("qemu " task[i])
	}
	line("total", ours, 0, qemu, 0)
}
function line(name, a, sa, b, sb) {
	printf "%-24s %9.2f %6.2f", name, a, sa
	if (b) printf " %9.2f %6.2f %9.2f\n", b, sb, a / b
	else printf " %9s %6s %9s\n", "-", "-", "-"
}
AWK
}
