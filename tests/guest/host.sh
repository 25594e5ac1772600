#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# host.sh LGEMU HOST.elf selftest|step|broken: the Host under its own eyes and ours.
set -eu
lgemu=$1 host=$2 what=$3
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
die() { echo "$*"; cat "$tmp"/out "$tmp"/err 2>/dev/null; exit 1; }

case $what in
selftest)
	"$lgemu" selftest >"$tmp/out" 2>"$tmp/err" || die "status $?"
	grep -q '^self-test: ok' "$tmp/out" || die "it does not say ok"
	"$lgemu" selftest --host-image "$host" >"$tmp/out2" || die "status $? from the file"
	cmp "$tmp/out" "$tmp/out2" ;;
step) # one world switch: from ring 1 through the Switcher to the Host, and back to ring 1
	"$lgemu" step --until switch </dev/null >"$tmp/out" 2>"$tmp/err" || die "status $?"
	head -n 1 "$tmp/out" | grep -q 'CPL 1' || die "it does not begin in the Guest"
	tail -n 2 "$tmp/out" | grep -q 'CPL 1' || die "it does not end in the Guest"
	grep -q '^  fffe0.* CPL 0  .*iret' "$tmp/out" || die "no iret in the Switcher" ;;
broken) # a Host that jumps to nowhere at once: what, where, and how it got there
	entry=$(od -An -tx4 -j24 -N4 "$host" | tr -d ' ')
	phoff=$(od -An -tu4 -j28 -N4 "$host" | tr -d ' ')
	offset=$(od -An -tu4 -j$((phoff + 4)) -N4 "$host" | tr -d ' ')
	vaddr=$(od -An -tu4 -j$((phoff + 8)) -N4 "$host" | tr -d ' ')
	cp "$host" "$tmp/host"
	printf '\017\013' | dd of="$tmp/host" bs=1 conv=notrunc status=none \
		seek=$((0x$entry - vaddr + offset))
	status=0
	"$lgemu" run --host-image "$tmp/host" </dev/null >"$tmp/out" 2>"$tmp/err" || status=$?
	[ $status = 4 ] || die "status $status"
	grep -q 'the Host failed: ' "$tmp/err" || die "it does not say that the Host failed" ;;
*) die "what is $what?" ;;
esac
