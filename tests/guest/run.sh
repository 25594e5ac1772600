#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# run.sh LGEMU IMAGE EXPECT: run a guest and compare how it ended with its expect file:
#
#	status N		exit status; "timeout" for a guest that never ends
#	console TEXT		this must be on the console (any number of such lines)
#	death TEXT		and this in the last words on standard error
#	# ...
#
# The clock is virtual and the budget is in instructions, so a slow machine changes nothing.
set -eu
lgemu=$1 image=$2 expect=$3
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

status=0
"$lgemu" run -m 16 --clock virtual --timeout-insns 100000000 -k "$image" \
	</dev/null >"$tmp/console" 2>"$tmp/errors" || status=$?

bad=0
wrong() { echo "$image: $*"; bad=1; }
while read -r word text; do
	case $word in
	'#'* | '') ;;
	status)
		[ "$text" != timeout ] || text=124
		[ "$status" = "$text" ] || wrong "status is $status, not $text" ;;
	console) grep -qF -- "$text" "$tmp/console" || wrong "the console lacks: $text" ;;
	death) grep -qF -- "$text" "$tmp/errors" || wrong "the last words lack: $text" ;;
	*) wrong "unknown word in $expect: $word" ;;
	esac
done <"$expect"
[ $bad = 0 ] || { cat "$tmp/console" "$tmp/errors"; exit 1; }
