#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# dma23.sh LGEMU GUEST devices|lan|processes|mixed: our guest of 2.6.23 with a keyboard, a disk and a
# network. "devices": what is typed arrives, however slowly it is read, and the disk holds what was
# written. "lan": two on one page, in one machine, and two such runs are one run. "processes": two on
# one hub. "mixed": one on the page and one with a card of its own, on the hub of that name.
set -eu
lgemu=$1 guest=$2 what=$3
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
fail() { echo "dma23: $*"; cat "$tmp"/*.out "$tmp"/*.err 2>/dev/null; exit 1; }
printed() { grep -qF -e "$2" "$tmp/$1.out" || fail "$1 does not print: $2"; }

run() { # run NAME option...
	name=$1
	shift
	timeout 100 "$lgemu" run -m 16 --timeout-insns 4000000000 "$@" </dev/null >"$tmp/$name.out" \
		2>"$tmp/$name.err" || fail "$name: status $?"
}

both() { # what a caller and an answerer say
	printed "$1" 'net: a frame goes to somebody'
	printed "$1" 'net: answered'
	printed "$2" 'net: called'
	printed "$2" 'net: an answer goes to somebody'
}

case $what in
devices)
	printf 'expect type!\nsend one\nexpect "one"\nsend tw\nsend o\nexpect "two"\nsend q\n' >"$tmp/script"
	yes 'a line of the disk' | head -c 65536 >"$tmp/disk"
	cp "$tmp/disk" "$tmp/before"
	run guest -k "$guest" --clock virtual -d "$tmp/disk" --net none --script "$tmp/script" -- input disk net=x
	printed guest 'device 0: block, features 8000, status 0, 1 page'
	printed guest 'device 1: net, features 8001, status 0, 1 page'
	printed guest 'device 2: console, features 0, status 0, 0 page'
	printed guest 'input: bound 1, type!'
	printed guest 'input: "q"'
	printed guest 'input: unbound 1'
	printed guest 'disk: 128 sectors, bound 1'
	printed guest 'disk: read 1, 1024 bytes, sums '
	printed guest 'nothing between: yes'
	printed guest 'disk: write 1, sent 0, reply 0'
	printed guest 'disk: read again 1, as written'
	printed guest 'disk: one that lies about its length 2'
	printed guest 'net: unbound 1'
	! grep -q 'taken from us' "$tmp/guest.out" || fail "a buffer was overwritten"
	cmp -s -n 4096 "$tmp/disk" "$tmp/before" || fail "sectors before 8 changed"
	cmp -s -i 5120 "$tmp/disk" "$tmp/before" || fail "sectors behind 9 changed"
	! cmp -s "$tmp/disk" "$tmp/before" || fail "nothing was written" ;;
lan)
	for n in 1 2; do
		run run$n --clock virtual --guest-hash \
			--guest a -k "$guest" --sharenet "$tmp/lan" -- net=ping \
			--guest b -k "$guest" --sharenet "$tmp/lan" -- net=pong
		both run$n run$n
		printed run$n 'a: net: slot 0, bound 1'
		printed run$n 'b: net: slot 1, bound 1'
	done
	cmp "$tmp/run1.out" "$tmp/run2.out" || fail "two runs differ"
	[ "$(grep -c 'guest hash' "$tmp/run1.out")" -ge 1 ] || fail "no hash" ;;
processes)
	run pong --clock real -k "$guest" --sharenet "$tmp/lan" -- net=pong &
	pong=$!
	run ping --clock real -k "$guest" --sharenet "$tmp/lan" -- net=ping
	wait $pong || exit 1
	both ping pong ;;
mixed)
	run both --clock virtual --guest a -k "$guest" --sharenet "$tmp/lan" -- net=ping \
		--guest b -k "$guest" --net "hub:$tmp/lan" -- net=pong
	both both both
	printed both 'b: net: slot 1, bound 1' ;;
*) fail "what is $what?" ;;
esac
for left in "$tmp"/lan*; do
	[ ! -e "$left" ] || fail "$left was left"
done
