#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# escapes.sh LGEMU IMAGE: the guest prints escape sequences and dies with one in its last words. A terminal
# that only watches is shown them; a terminal in raw mode, and whoever is none, is sent them.
set -eu
lgemu=$1 image=$2
command -v script >/dev/null || exit 77
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
bad=0
wrong() { echo "$*"; bad=1; }
escape=$(printf '\033')

: >"$tmp/none"
truncate -s 65536 "$tmp/disk"
run="$lgemu run -m 16 -k $image -d $tmp/disk"
# The first line of a typescript is script's own, and quotes the command.
watch() { timeout 60 script -qec "$1" "$tmp/out" </dev/null >/dev/null 2>&1 || true; }

watch "$run -- escapes <$tmp/none 2>$tmp/err"
grep -q '\^\[\[31mred' "$tmp/out" || wrong "the terminal is not shown the escape"
if tail -n +2 "$tmp/out" | grep -q "$escape"; then wrong "an escape came through"; fi
grep -q 'lguest: CRASH: \^\[]0;title' "$tmp/err" || wrong "the last words do not show it"
if grep -q "$escape" "$tmp/err"; then wrong "an escape came through in the last words"; fi

watch "$run --timeout 20 -- escapes 2>$tmp/err"
grep -q "$escape\[31mred" "$tmp/out" || wrong "a terminal in raw mode is not sent the escape"

$run -- escapes <"$tmp/none" >"$tmp/out" 2>/dev/null || true
grep -q "$escape\[31mred" "$tmp/out" || wrong "a file is not sent the escape"
[ $bad = 0 ] || { cat -v "$tmp/out" "$tmp/err"; exit 1; }
