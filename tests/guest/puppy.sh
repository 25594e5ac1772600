#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# puppy.sh LGEMU PUPPY-FOLDER demo|selftest|twice|restart|disk|overlay: the built-in guest at work.
set -eu
lgemu=$1 puppy=$2 what=$3
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
die() { echo "$*"; cat "$tmp"/console* "$tmp"/errors* 2>/dev/null; exit 1; }

# session NAME [option...]: commands on standard input, one a line; console and errors to files.
session() {
	name=$1
	shift
	{
		while read -r line; do
			printf 'expect puppy>\nsend %s\\n\n' "$line"
		done
	} >"$tmp/script"
	"$lgemu" --clock virtual --timeout-insns 4000000000 --script "$tmp/script" "$@" </dev/null \
		>"$tmp/console$name" 2>"$tmp/errors$name" || die "status $?"
}

case $what in
demo) # what ./dev run shows to those who have no terminal
	"$lgemu" --clock virtual --script "$puppy/demo.script" --timeout 120 </dev/null \
		>"$tmp/console" 2>"$tmp/errors" || die "status $?"
	grep -q 'lguest: CRASH: Power down' "$tmp/errors" || die "no clean power off" ;;
selftest) # every promise that the guest can check from inside
	printf 'selftest\nhalt\n' | session 1 --stats
	tr -d '\r' <"$tmp/console1" | grep -E '^(ok|not ok|FAIL)' >"$tmp/got" || true
	grep '^ok' "$puppy/selftest.expect" >"$tmp/want"
	diff "$tmp/want" "$tmp/got" || die "the guest's self-test differs"
	grep -q '^sums .*: equal$' "$tmp/errors1" || die "entries, exits and causes do not agree" ;;
twice) # two runs with the same input are the same run
	for n in 1 2; do
		printf 'ps\nrun family 3\nspin 1 50\nsleep 100\nfault\nuptime\nhalt\n' |
			session $n --stats --guest-hash --rng --seed 7
	done
	grep -q '^guest hash ' "$tmp/console1" || die "no hash"
	cmp "$tmp/console1" "$tmp/console2" || die "the consoles differ"
	cmp "$tmp/errors1" "$tmp/errors2" || die "the counts differ" ;;
restart) # in the same process, from the files that were open
	printf 'echo one\nreboot\necho two\nhalt\n' | session 1
	[ "$(grep -c 'puppy, a small guest' "$tmp/console1")" = 2 ] || die "it did not start again"
	grep -q '^two' "$tmp/console1" || die "it did not go on" ;;
disk) # what was written is there, and a snapshot leaves nothing behind
	command -v mke2fs >/dev/null || exit 77
	truncate -s 1M "$tmp/disk"
	mke2fs -q -t ext2 -b 1024 "$tmp/disk"
	cp "$tmp/disk" "$tmp/before"
	printf 'ls\nhalt\n' | session 1 --block="$tmp/disk" --snapshot
	cmp "$tmp/disk" "$tmp/before" || die "a snapshot changed the file"
	printf 'ls\nhalt\n' | session 2 --block="$tmp/disk" --read-only
	cmp "$tmp/disk" "$tmp/before" || die "a read-only disk was changed" ;;
overlay) # the disk stays as it was until the changes are committed
	command -v mke2fs >/dev/null || exit 77
	mkdir "$tmp/root"
	echo old >"$tmp/root/note"
	truncate -s 1M "$tmp/disk"
	mke2fs -q -t ext2 -b 1024 -d "$tmp/root" "$tmp/disk"
	cp "$tmp/disk" "$tmp/before"
	printf 'write note kept\nhalt\n' | session 1 --block="$tmp/disk" --overlay "$tmp/changes"
	printf 'cat note\nhalt\n' | session 2 --block="$tmp/disk" --overlay "$tmp/changes" --read-only
	grep -q '^kept' "$tmp/console2" || die "what was written is not there"
	cmp "$tmp/disk" "$tmp/before" || die "the disk was changed"
	"$lgemu" disk info "$tmp/changes" >"$tmp/console4" || die "no info"
	grep -q '^changed: *[1-9]' "$tmp/console4" || die "nothing is in it"
	"$lgemu" disk commit "$tmp/disk" "$tmp/changes" >"$tmp/console5" || die "no commit"
	printf 'cat note\nhalt\n' | session 6 --block="$tmp/disk"
	grep -q '^kept' "$tmp/console6" || die "what was committed is not there"
	e2fsck -fn "$tmp/disk" >"$tmp/console7" 2>&1 || die "the disk is not clean" ;;
*) die "what is $what?" ;;
esac
