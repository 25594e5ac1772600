#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ladder.sh LGEMU SCRIPT profile|rungs: neither a profile nor the lack of what makes the processor quick
# changes a run; and the profile is one.
set -eu
lgemu=$1 script=$2 what=$3
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# run NAME option...: a session of puppy; what it printed and its hash go to NAME.
run() {
	name=$1
	shift
	"$lgemu" run --clock=virtual --script="$script" --guest-hash "$@" </dev/null >"$tmp/$name" 2>"$tmp/$name.err" ||
		{ cat "$tmp/$name.err"; echo "$name: lgemu failed"; exit 1; }
	grep -q '^guest hash' "$tmp/$name" || { echo "$name: no hash"; exit 1; }
}
same() {
	cmp "$tmp/plain" "$tmp/$1" || { echo "$1: another run"; exit 1; }
}

run plain
case $what in
rungs)
	"$lgemu" --cpu-without=help >"$tmp/list"
	[ "$(wc -l <"$tmp/list")" -ge 9 ] || { echo "a ladder of few rungs:"; cat "$tmp/list"; exit 1; }
	all=$(sed 's/ .*//' "$tmp/list" | paste -s -d ,)
	for rung in $(echo "$all" | tr , ' ') "$all"; do
		run "$rung" --cpu-without="$rung"
		same "$rung"
	done
	;;
profile)
	run once --profile="$tmp/once.folded"
	run again --profile="$tmp/again.folded"
	same once
	same again
	cmp "$tmp/once.folded" "$tmp/again.folded"
	if grep -Ev '^(guest|user|host|switcher)(;[^ ;]+)+ [1-9][0-9]*$' "$tmp/once.folded"; then
		echo "not a folded stack"
		exit 1
	fi
	samples=$(awk '{ n += $NF } END { print n }' "$tmp/once.folded")
	[ "$samples" -gt 100 ]
	grep -q "^profile: $samples samples" "$tmp/once.err"
	# The Host is compiled with symbols, and puppy, too; both have work to do in the session.
	grep -q '^host;[a-z]' "$tmp/once.folded"
	grep -q '^guest;[a-z]' "$tmp/once.folded"
	grep -q '^  exit: hypercall' "$tmp/once.err"
	;;
esac
