#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# rng.sh LGEMU IMAGE: random bytes follow from the seed, and only in real time and without a seed from
# the system.
set -eu
lgemu=$1 image=$2
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
die() { echo "$*"; cat "$tmp/out"; exit 1; }
truncate -s 65536 "$tmp/disk"

bytes() { # bytes VARIABLE option...
	variable=$1
	shift
	timeout 60 "$lgemu" run -m 16 -k "$image" -d "$tmp/disk" --rng "$@" -- random_bytes </dev/null >"$tmp/out" 2>&1 ||
		die "status $?"
	eval "$variable=\$(sed -n 's/^random \\([0-9a-f]\\{32\\}\\).*/\\1/p' \"\$tmp/out\")"
}
bytes a --clock virtual
bytes b --clock virtual
bytes c --clock virtual --seed 7
bytes d --clock real --seed 7
bytes e --clock real
bytes f --clock real
# shellcheck disable=SC2154 # read into above
{
	[ -n "$a" ] || die "no bytes"
	[ "$a" = "$b" ] || die "two runs, and two kinds of bytes"
	[ "$a" != "$c" ] || die "the seed makes no difference"
	[ "$c" = "$d" ] || die "a seed is not good in real time"
	[ -n "$e" ] && [ "$e" != "$f" ] && [ "$e" != "$a" ] || die "the system's bytes are not random"
}
