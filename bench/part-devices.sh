# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154 # read by bench/run
#
# --kernel, --initrd, --pc-kernel: disk and network of a real guest, beside QEMU's; devices.sh says how.
part_devices() {
	if [ -z "$kernel" ] || [ -z "$initrd" ]; then
		say "no disk and no network of a real guest: --kernel and --initrd name one"
		return 0
	fi
	"$top/bench/devices.sh" --build "$build" --kernel "$kernel" --initrd "$initrd" \
		${pc_kernel:+--pc-kernel "$pc_kernel"}
}
