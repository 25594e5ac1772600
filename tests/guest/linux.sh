#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# linux.sh LGEMU KERNEL MEGABYTES INITRD GOLDEN [DISK]: boot a real kernel and compare its console
# with that of the real lguest (GOLDEN), both normalised. No kernel is part of this tree; ctest runs
# this for what LGEMU_KERNELS points at (see CMakeLists.txt), and says "skipped" without.
set -eu
lgemu=$1 kernel=$2 mb=$3 initrd=$4 golden=$5 disk=${6-}
here=$(dirname "$0")
[ -e "$kernel" ] && [ -e "$initrd" ] && [ -e "$golden" ] || exit 77
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# ls shows times of day or years, as the clock has it: be where the golden run was.
base=$(stat -c %Y "${disk:-$golden}")
set -- --initrd="$initrd" --rtc-base="$((base + 3600))"
if [ -n "$disk" ]; then
	cp "$disk" "$tmp/disk"
	set -- "$@" --block="$tmp/disk"
fi
status=0
timeout 300 "$lgemu" --clock=virtual "$mb" "$kernel" "$@" console=hvc0 blk end=poweroff \
	</dev/null >"$tmp/console" 2>"$tmp/errors" || status=$?
# A few kernels could not run with so much memory, and the real one died. So must ours.
want=3
! tail -n 1 "$golden" | grep -q 'lguest: CRASH: Power down' || want=0
[ $status = $want ] || { echo "status $status"; tail -n 20 "$tmp/console"; cat "$tmp/errors"; exit 1; }
# The Launcher's last words were on the same terminal. Registers and calls of a dead guest, in lines
# that begin with blanks, are more than the original had to say.
sed '/^  /d' "$tmp/errors" | cat "$tmp/console" - | "$here/normalise" >"$tmp/got"
"$here/normalise" <"$golden" | diff - "$tmp/got"
[ -z "$disk" ] || ! command -v e2fsck >/dev/null || e2fsck -fn "$tmp/disk" >/dev/null
