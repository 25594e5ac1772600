#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# net.sh LGEMU WHAT [INITRD KERNEL KERNEL]: networks. "words": what cannot be plugged into is refused
# with a reason. "user": each kernel pings the router and downloads 10 MB from this host's loopback,
# which is allowed, and does not get there when it is not. "hub": the two kernels, in two processes,
# ping each other and send 10 MB over TCP; "sharenet": the same by that
# option. The initrd is one whose init knows net= and run=, as
# linux.sh has it; without kernels that is skipped.
set -eu
lgemu=$1 what=$2 initrd=${3-} first=${4-} second=${5-}
tmp=$(mktemp -d)
server=
# shellcheck disable=SC2317 # reached by the trap
leave() {
	[ -z "$server" ] || kill "$server"
	rm -rf "$tmp"
}
trap leave EXIT
fail() { echo "net: $*"; exit 1; }

guest() { # guest NAME KERNEL NET ARGUMENT...: its console to NAME.out
	name=$1 kernel=$2 net=$3
	shift 3
	option=--net
	[ $what != sharenet ] || option=--sharenet
	timeout 300 "$lgemu" run -k "$kernel" -i "$initrd" "$option" "$net" --pcap "$tmp/$name.pcap" -- \
		console=hvc0 "$@" end=poweroff </dev/null >"$tmp/$name.out" 2>"$tmp/$name.err" || {
		tail -n 20 "$tmp/$name.out"
		cat "$tmp/$name.err"
		fail "$name does not switch itself off"
	}
}

printed() { # printed NAME PATTERN
	grep -qE "$2" "$tmp/$1.out" || { tail -n 20 "$tmp/$1.out"; fail "$1 does not print \"$2\""; }
}

refused() { # refused TEXT OPTION...
	text=$1
	shift
	status=0
	"$lgemu" run "$@" </dev/null >"$tmp/out" 2>&1 || status=$?
	[ $status = 2 ] || fail "$*: status $status"
	grep -qF -e "$text" "$tmp/out" || { cat "$tmp/out"; fail "$*: not a word of \"$text\""; }
}

case $what in
words)
	refused 'it is none of user' --net nonsense
	refused 'hostfwd=tcp::2222-:22' --net user,hostfwd=1
	refused "$tmp/nobody" --net "stream:$tmp/nobody"
	refused "$tmp/no/hub" --net "hub:$tmp/no/hub"
	refused "$tmp/no/file" --net none --pcap "$tmp/no/file"
	refused 'neither an IP address' --tunnet=nowhere
	rm "$tmp/out"
	rmdir "$tmp" || fail "something was left behind"
	exit 0 ;;
esac

[ -e "$initrd" ] && [ -e "$first" ] && [ -e "$second" ] || exit 77

case $what in
user)
	"$lgemu" --version | grep -q libslirp || exit 77
	command -v python3 >/dev/null || exit 77
	mkdir "$tmp/www"
	head -c 10485760 /dev/urandom >"$tmp/www/big"
	sum=$(sha256sum <"$tmp/www/big")
	: >"$tmp/http"
	python3 -u -m http.server --bind 127.0.0.1 --directory "$tmp/www" 0 >"$tmp/http" 2>&1 &
	server=$!
	port=
	while [ -z "$port" ]; do
		kill -0 $server || fail "no server"
		port=$(sed -n 's/.* port \([0-9]*\) .*/\1/p' "$tmp/http")
		sleep 0.1
	done
	get=wget,-T,10,-q,-O,/tmp/b,http://10.0.2.2:$port/big
	for kernel in "$first" "$second"; do
		guest allowed "$kernel" user,allow-host net=10.0.2.15/10.0.2.2 "run=$get;sha256sum,</tmp/b"
		printed allowed '3 packets received, 0% packet loss'
		printed allowed "${sum%% *}"
	done
	guest denied "$first" user net=10.0.2.15/10.0.2.2 "run=$get||echo,DENIED"
	printed denied '3 packets received, 0% packet loss'
	printed denied '^DENIED' ;;
hub | sharenet)
	wire=hub:$tmp/hub
	[ $what = hub ] || wire=$tmp/hub
	guest listener "$first" "$wire" net=10.9.0.1/10.9.0.1 \
		'run=nc,-l,-p,5000,</dev/null,>/tmp/r;sha256sum,</tmp/r' &
	listener=$!
	# It listens when it has pinged itself.
	tries=0
	until grep -qs 'packets received' "$tmp/listener.out" || [ $tries = 600 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	sleep 1
	# shellcheck disable=SC2016 # the guest's own $i
	guest sender "$second" "$wire" net=10.9.0.2/10.9.0.1 \
		'run=head,-c,65536,/dev/urandom,>/tmp/q;i=0;while,[,$i,-lt,160,];do,cat,/tmp/q;echo,$i;i=$((i+1));done,>/tmp/s;sha256sum,</tmp/s;nc,10.9.0.1,5000,</tmp/s'
	wait $listener
	printed sender '3 packets received, 0% packet loss'
	sum=$(sed -n 's/^\([0-9a-f]\{64\}\)  -.*/\1/p' "$tmp/sender.out")
	[ -n "$sum" ] || fail "the sender has sent nothing"
	printed listener "^$sum"
	for socket in "$tmp"/hub*; do
		[ ! -e "$socket" ] || fail "$socket was left"
	done ;;
*)
	fail "what is $what?" ;;
esac
# A capture is a header of 24 bytes and what crossed.
for pcap in "$tmp"/*.pcap; do
	[ "$(head -c 4 "$pcap" | od -An -tx1)" = ' 4d 3c b2 a1' ] || fail "$pcap is no capture"
	[ "$(wc -c <"$pcap")" -gt 1000 ] || fail "$pcap holds no frames"
done
