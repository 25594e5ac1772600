#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# several.sh LGEMU apart|homes|fpu|fair|input|memory|keyboard: several puppies in one machine.
# several.sh LGEMU neighbours IMAGES: one puppy among guests of the worst kind, whose images are there.
set -eu
lgemu=$1 what=$2 images=${3-}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
die() { echo "$*"; cat "$tmp"/*.out "$tmp"/*.err 2>/dev/null; exit 1; }

# script GUEST: commands on standard input, one a line.
script() {
	while read -r line; do
		printf 'expect puppy>\nsend %s\\n\n' "$line"
	done >"$tmp/script.$1"
}

# run NAME STATUS [option...]: output to NAME.out and NAME.err.
run() {
	name=$1 want=$2 status=0
	shift 2
	"$lgemu" run --clock virtual --timeout-insns 4000000000 -m 8 "$@" </dev/null \
		>"$tmp/$name.out" 2>"$tmp/$name.err" || status=$?
	[ $status = "$want" ] || die "$name: status $status, not $want"
}

# of NAME GUEST: the lines of one guest, without its name.
of() { sed -n "s/^$2: //p" "$tmp/$1.out" | tr -d '\r'; }

three_guests() {
	printf 'ps\ncrash Woof\n' | script one
	printf 'echo before\nreboot\necho after\nhalt\n' | script two
	printf 'run family 3\nspin 2 300\nsleep 400\nselftest\nps\nhalt\n' | script three
}

# three NAME [option...]
three() {
	name=$1
	shift
	run "$name" 3 --guest-hash --stats --rng "$@" --guest one --script "$tmp/script.one" \
		--guest two --script "$tmp/script.two" --guest three --script "$tmp/script.three"
}

case $what in
apart) # one dies, one starts over, one works; twice the same, and nothing mixed up
	three_guests
	three 1
	three 2
	cmp "$tmp/1.out" "$tmp/2.out" || die "two runs differ"
	cmp "$tmp/1.err" "$tmp/2.err" || die "two runs count differently"
	[ "$(grep -c '^guest hash [0-9a-f]* ' "$tmp/1.out")" = 3 ] || die "not three hashes"
	grep -q '^one: lguest: CRASH: Woof$' "$tmp/1.err" || die "one does not die"
	for what in 'EIP [0-9a-f]* EFLAGS' '.* shutdown+0x' '.* ? run_line+0x'; do
		grep -q "^one:   $what" "$tmp/1.err" || die "not a word of $what"
	done
	for guest in two three; do
		grep -q "^$guest: lguest: CRASH: Power down\$" "$tmp/1.err" || die "$guest does not go off"
	done
	[ "$(of 1 two | grep -c 'puppy, a small guest')" = 2 ] || die "two did not start again"
	of 1 two | grep -q '^after' || die "two did not go on"
	[ "$(of 1 three | grep -c '^ok')" -gt 30 ] || die "three has no self-test"
	! of 1 three | grep -q '^not ok' || die "a promise was broken to three"
	grep -q '^sums .*: equal$' "$tmp/1.err" || die "entries, exits and causes do not agree" ;;
homes) # wherever the Host is
	three_guests
	three 1
	three 2 --host native
	cmp "$tmp/1.out" "$tmp/2.out" || die "the homes of the Host differ" ;;
fpu) # each keeps a number in its FPU while the other one runs
	printf 'run t_fpu 1111\nhalt\n' | script a
	printf 'run t_fpu 2222\nhalt\n' | script b
	run 1 0 --guest a --script "$tmp/script.a" --guest b --script "$tmp/script.b"
	for guest in a b; do
		of 1 $guest | grep -q '^puppy> run t_fpu' || die "$guest has not run it"
		! of 1 $guest | grep -q 't_fpu: ' || die "$guest has lost its number"
	done ;;
fair) # who does the same work is done at the same time, however often others wake
	printf 'run primes 500000\nuptime\nhalt\n' | script worker
	{ yes 'run t_fpu 7' | head -n 50; echo halt; } | script sleeper
	run 1 0 --guest a --script "$tmp/script.worker" --console-log "$tmp/log.a" \
		--guest b --script "$tmp/script.worker" --console-log "$tmp/log.b" \
		--guest t --script "$tmp/script.sleeper"
	up() { tr -d '\r' <"$tmp/log.$1" | sed -n 's/^up \([0-9]*\)\.\([0-9]*\) s.*/\1\2/p'; }
	a=$(up a) b=$(up b)
	echo "up: $a ms and $b ms"
	[ "$a" -gt 100 ] || die "that was no work"
	[ $((a > b ? a - b : b - a)) -le 20 ] || die "not at the same time" ;;
input) # what comes through a pipe is for the first, and when that has ended nobody waits for more
	printf 'echo one\nhalt\necho two\n' | timeout 60 "$lgemu" run --clock virtual --guest a --guest b \
		>"$tmp/1.out" 2>"$tmp/1.err" || status=$?
	[ "${status-0}" = 5 ] || die "status ${status-0}"
	of 1 a | grep -q '^one' || die "a did not hear"
	! of 1 b | grep -q 'two' || die "b heard" ;;
neighbours) # whatever they do, it only feels that there is less of the processor
	printf 'selftest\nhalt\n' | script puppy
	head -c 65536 /dev/zero >"$tmp/disk"
	set -- --guest hoarder -k "$images/hostile.elf" -d "$tmp/disk" -- shadows_without_end
	for image in "$images"/bad-*.small.elf; do
		name=$(basename "$image" .small.elf)
		set -- "$@" --guest "${name#bad-}" -k "$image"
	done
	# One of them never ends.
	run 1 124 --timeout-insns 700000000 --guest puppy --script "$tmp/script.puppy" "$@"
	[ "$(of 1 puppy | grep -c '^ok')" -gt 30 ] || die "no self-test"
	! of 1 puppy | grep -q '^not ok\|^FAIL' || die "a promise was broken"
	grep -q '^puppy: lguest: CRASH: Power down$' "$tmp/1.err" || die "puppy does not switch itself off"
	grep -q '^hoarder: lguest: CRASH: Power down$' "$tmp/1.err" || die "the hoarder has died"
	[ "$(grep -c '^[a-z0-9-]*: lguest: ' "$tmp/1.err")" -gt 15 ] || die "where are the others?" ;;
memory) # a sum that does not fit is refused, and the limit is named
	run 1 2 -m 2000 --guest a --guest b --guest c
	grep -q '^lgemu: c wants 2000 MB .* 4075 MB .* only [0-9][0-9] are left' "$tmp/1.err" || die "not so"
	run 2 2 --guest a --guest b -m 5000
	grep -q '5000 MB of memory' "$tmp/2.err" || die "not so" ;;
keyboard) # Ctrl-A n turns it over to the next, and an end does, too
	command -v script >/dev/null || exit 77
	{
		sleep 2
		printf 'echo one\n\001necho two\n\001necho three\nhalt\n'
		sleep 2
		printf 'echo four\nhalt\n'
		sleep 1
	} | timeout 60 script -qec "$lgemu run --guest a --guest b; echo status \$?" "$tmp/1.out" \
		>/dev/null 2>&1 || die "script: status $?"
	grep -q 'status 0' "$tmp/1.out" || die "no clean end"
	for line in 'a: one' 'b: two' 'a: three' 'b: four'; do
		tr -d '\r' <"$tmp/1.out" | grep -q "^$line\$" || die "no \"$line\""
	done ;;
*) die "what is $what?" ;;
esac
