#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# console.sh LGEMU pipe|closed|terminal|signal|timeout|pty: what stands at the other end of the console.
set -eu
lgemu=$1 what=$2
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
die() { echo "$*"; cat "$tmp"/out "$tmp"/err 2>/dev/null; exit 1; }
status=0

case $what in
pipe) # somebody who types slowly, in either kind of time
	for clock in virtual real; do
		{ sleep 1; echo 'echo first'; sleep 1; echo 'echo second'; echo halt; } |
			timeout 60 "$lgemu" --clock $clock >"$tmp/out" 2>"$tmp/err" || die "status $?"
		grep -q '^first' "$tmp/out" || die "first is not there"
		grep -q '^second' "$tmp/out" || die "second is not there"
	done ;;
closed) # no input at all: the guest waits for ever, and says so
	timeout 60 "$lgemu" --clock virtual <&- >"$tmp/out" 2>"$tmp/err" || status=$?
	[ $status = 5 ] || die "status $status"
	echo halt | timeout 60 "$lgemu" >&- 2>"$tmp/err" || die "status $? without output" ;;
terminal) # raw, in real time, and given back
	command -v script >/dev/null || exit 77
	{ sleep 1; printf 'sleep 500\nhalt\n'; sleep 1; } |
		timeout 60 script -qec "stty -a >$tmp/before; $lgemu; echo status \$?; stty -a >$tmp/after" \
		"$tmp/out" >/dev/null 2>&1 || die "script: status $?"
	grep -q 'status 0' "$tmp/out" || die "no clean end"
	cmp "$tmp/before" "$tmp/after" || die "the terminal is not as it was" ;;
signal) # told to end: the terminal is given back, the disk has what was written, the status says so
	command -v script >/dev/null || exit 77
	command -v mke2fs >/dev/null || exit 77
	mkdir "$tmp/root"
	echo before >"$tmp/root/f"
	for signal in 1 2 15; do
		truncate -s 1M "$tmp/disk"
		mke2fs -q -F -t ext2 -b 1024 -d "$tmp/root" "$tmp/disk"
		rm -f "$tmp/changes" "$tmp/pid"
		{
			sleep 2
			printf 'write /f hello\nsync\n'
			sleep 1
			kill -$signal "$(cat "$tmp/pid")"
			sleep 1
		} | timeout 60 script -qec "stty -a >$tmp/before
			sh -c 'echo \$\$ >$tmp/pid; exec $lgemu --block=$tmp/disk --overlay $tmp/changes'
			echo status \$?; stty -a >$tmp/after" "$tmp/out" >/dev/null 2>&1 || die "script: status $?"
		grep -q "status $((128 + signal))" "$tmp/out" || die "no status of signal $signal"
		cmp "$tmp/before" "$tmp/after" || die "the terminal is not as it was"
		"$lgemu" disk commit "$tmp/disk" "$tmp/changes" >/dev/null 2>"$tmp/err" || die "no commit"
		printf 'cat /f\nhalt\n' | timeout 60 "$lgemu" --block="$tmp/disk" >"$tmp/out" 2>"$tmp/err" ||
			die "status $?"
		grep -q '^hello' "$tmp/out" || die "what was written is lost"
	done ;;
timeout)
	timeout 60 "$lgemu" --clock real --timeout 1 </dev/zero >/dev/null 2>"$tmp/err" || status=$?
	[ $status = 124 ] || die "status $status"
	grep -q 'time is up' "$tmp/err" || die "it does not say why" ;;
pty) # the name is told, and who opens it sits at the console
	timeout 60 "$lgemu" --console pty </dev/null >"$tmp/out" 2>"$tmp/err" &
	pid=$!
	until pty=$(sed -n 's/^lgemu: the console is //p' "$tmp/err") && [ -n "$pty" ]; do
		kill -0 $pid 2>/dev/null || die "it tells no name"
		sleep 0.1
	done
	exec 3<>"$pty"
	cat <&3 >"$tmp/pty" &
	reader=$!
	printf 'echo typed at the terminal\n' >&3
	until grep -q '^typed at the terminal' "$tmp/pty"; do
		kill -0 $pid 2>/dev/null || { cat "$tmp/pty"; die "it has not read what was typed"; }
		sleep 0.1
	done
	echo halt >&3
	wait $pid || die "status $?"
	kill $reader 2>/dev/null || true
	[ ! -s "$tmp/out" ] || die "it prints on standard output, too" ;;
*) die "what is $what?" ;;
esac
