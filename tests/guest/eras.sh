#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# eras.sh LGEMU INITRD KERNEL KERNEL KERNEL KERNEL: four kernels in one machine and on one wire. Each
# pings all; the third dies; the others notice, and ping each other once more. Two such runs are the
# same run. The initrd is one whose init knows net= and run=, as net.sh has it.
set -eu
lgemu=$1 initrd=$2
shift 2
for file in "$initrd" "$@"; do
	[ -e "$file" ] || exit 77
done
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
fail() { echo "eras: $*"; tail -n 20 "$tmp"/*.log; cat "$tmp"/*.err; exit 1; }

# Words for init, which takes a comma for a blank. 10.9.0.N is guest N.
ping_all() { # ping_all GUEST...: wait for each, then do it in earnest
	list=$(echo "$*" | tr ' ' ,)
	echo "for,i,in,$list;do,until,ping,-c,1,-W,1,10.9.0.\$i,>/dev/null;do,:;done;done;for,i,in,$list;do,ping,-c,3,10.9.0.\$i;done;echo,MET,$list"
}
again="while,ping,-c,1,-W,1,10.9.0.3,>/dev/null;do,sleep,1;done;echo,GONE;$(ping_all 1 2 4);sleep,3"
all=$(ping_all 1 2 3 4)

for n in 1 2; do
	status=0
	timeout 500 "$lgemu" run --clock virtual --guest-hash --stats -m 64 -i "$initrd" --net hub -- \
		console=hvc0 end=poweroff \
		--guest one -k "$1" --console-log "$tmp/one.$n.log" -- net=10.9.0.1 "run=$all;$again" \
		--guest two -k "$2" --console-log "$tmp/two.$n.log" -- net=10.9.0.2 "run=$all;$again" \
		--guest three -k "$3" --console-log "$tmp/three.$n.log" -- net=10.9.0.3 \
			"run=$all;sleep,2;exit,3" \
		--guest four -k "$4" --console-log "$tmp/four.$n.log" -- net=10.9.0.4 "run=$all;$again" \
		</dev/null >"$tmp/$n.out" 2>"$tmp/$n.err" || status=$?
	# Eras still to come are no failure.
	! grep -q 'this version does not serve' "$tmp/$n.err" || exit 77
	[ $status = 3 ] || fail "status $status"
done
grep -q '^three: lguest: CRASH: Attempted to kill init' "$tmp/1.err" || fail "three has not died of that"
for guest in one two four; do
	grep -q "^$guest: lguest: CRASH: Power down" "$tmp/1.err" || fail "$guest does not switch itself off"
	for word in 'MET 1 2 3 4' GONE 'MET 1 2 4'; do
		tr -d '\r' <"$tmp/$guest.1.log" | grep -qx "$word" || fail "$guest does not say $word"
	done
	[ "$(grep -c '3 packets received, 0% packet loss' "$tmp/$guest.1.log")" = 7 ] || fail "$guest lost some"
done
for file in out err; do
	cmp "$tmp/1.$file" "$tmp/2.$file" || fail "two runs are not the same run"
done
[ "$(grep -c '^guest hash ' "$tmp/1.out")" = 4 ] || fail "where are the hashes?"
