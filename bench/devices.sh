#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# bench/devices.sh --kernel FILE --initrd FILE: what a real guest's disk and network cost, beside the same
# kernel in QEMU (TCG, virtio over PCI). A figure is CPU time, of both programs where two guests talk, from
# the moment when a guest prints that it begins until it prints that it is done; everything is pinned
# to one processor; the middle one of several runs. The initrd is one whose init knows net= and run=,
# as tests/guest/net.sh has it.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
build=$top/build/release
runs=5 kernel='' initrd='' pc_kernel='' qemu=qemu-system-i386 core='' only=''

usage() {
	cat <<END
usage: bench/devices.sh --kernel FILE --initrd FILE [option...]
  --pc-kernel FILE  what QEMU boots: a bzImage of the same kernel (bzImage beside --kernel)
  --runs N          of each, and the middle one counts (5)
  --core N          the processor to be pinned to (the first one we may use)
  --only WORD       one of read, write, guests, nat, ping
  --build DIR       a release build (build/release)
END
}
while [ $# -gt 0 ]; do
	case $1 in
	--kernel) kernel=$2; shift ;;
	--initrd) initrd=$2; shift ;;
	--pc-kernel) pc_kernel=$2; shift ;;
	--runs) runs=$2; shift ;;
	--core) core=$2; shift ;;
	--only) only=$2; shift ;;
	--build) build=$2; shift ;;
	-h | --help) usage; exit 0 ;;
	*) usage >&2; exit 2 ;;
	esac
	shift
done
say() { printf '%s\n' "bench: $*" >&2; }
[ -n "$kernel" ] && [ -n "$initrd" ] || { say "no --kernel and --initrd: a guest's disk and network are not measured"; exit 0; }
for file in "$kernel" "$initrd" "$build/lgemu"; do
	[ -e "$file" ] || { say "$file is not there"; exit 1; }
done
[ -n "$pc_kernel" ] || pc_kernel=$(dirname "$kernel")/bzImage
command -v $qemu >/dev/null || { say "no $qemu here"; qemu=''; }
[ -z "$qemu" ] || [ -e "$pc_kernel" ] || { say "no kernel for QEMU ($pc_kernel)"; qemu=''; }
command -v taskset >/dev/null || { say "no taskset here"; exit 1; }
[ -n "$core" ] || core=$(taskset -cp $$ | sed 's/.*: *//; s/[,-].*//')

tmp=$(mktemp -d)
server=
leave() {
	[ -z "$server" ] || kill "$server"
	rm -rf "$tmp"
}
trap leave EXIT
"${CC:-clang}" -O2 -std=gnu11 "$top/bench/span.c" -o "$tmp/span"

disk_mb=128 net_mb=8 pings=300
truncate -s ${disk_mb}M "$tmp/disk"
"$tmp/span" serve $((net_mb * 1048576)) >"$tmp/port" &
server=$!
until [ -s "$tmp/port" ]; do sleep 0.1; done
port=$(cat "$tmp/port")

# --- a guest, in the one and in the other ------------------------------------------------------------
# guest WHO NETWORK ADDRESS RUN...: the words of a command, one a line. NETWORK: hub-1, hub-2, user or none.
guest() {
	who=$1 net=$2 address=$3
	shift 3
	line="console=hvc0 quiet net=$address run=$*"
	[ "$net" != none ] || line="console=hvc0 quiet run=$*"
	case $who in
	lgemu)
		printf '%s\n' "$build/lgemu" run --clock real -m 64 -k "$kernel" -i "$initrd"
		case $net in
		hub-*) printf '%s\n' --net "hub:$tmp/hub" ;;
		user) printf '%s\n' --net user,allow-host ;;
		none) printf '%s\n' -d "$tmp/disk" ;;
		esac
		printf '%s\n' -- "$line" ;;
	qemu)
		# One port: a console of several is set up by a kernel thread, and Linux may have thrown
		# the code for that away by then.
		printf '%s\n' $qemu -accel tcg -m 64 -nodefaults -display none -no-reboot \
			-kernel "$pc_kernel" -initrd "$initrd" -append "$line" \
			-chardev stdio,id=c -device virtio-serial-pci,max_ports=1 -device virtconsole,chardev=c
		case $net in
		hub-1) printf '%s\n' -netdev "stream,id=n,server=on,addr.type=unix,addr.path=$tmp/qemu" ;;
		hub-2) printf '%s\n' -netdev "stream,id=n,server=off,addr.type=unix,addr.path=$tmp/qemu" ;;
		user) printf '%s\n' -netdev user,id=n ;;
		none) printf '%s\n' -drive "file=$tmp/disk,format=raw,if=none,id=d" -device virtio-blk-pci,drive=d ;;
		esac
		[ "$net" = none ] || printf '%s\n' -device \
			"virtio-net-pci,netdev=n,mac=52:54:00:12:34:5${net#hub-}" | sed 's/5user/56/' ;;
	esac
}

# measure WHO WHAT: "cpu wall", in nanoseconds. The words are put together by the guest's shell, so that
# the command line, which it prints, has not got them; of what crossed the network dd says how many whole
# blocks it was, and that is the word. (nc leaves when its input ends, or when the other's does.)
measure() {
	begin='echo,BE""GIN' end='echo,EN""D' ready='echo,REA""DY' last=END
	count=dd,of=/dev/null,bs=64k,iflag=fullblock
	case $2 in
	read) guest "$1" none '' "$begin;dd,if=/dev/vda,of=/dev/null,bs=64k,2>/dev/null;$end;sleep,1000" ;;
	write) guest "$1" none '' "$begin;dd,if=/dev/zero,of=/dev/vda,bs=64k,count=$((disk_mb * 16)),conv=fsync,2>/dev/null;$end;sleep,1000" ;;
	nat)
		last="$((net_mb * 16))+0 records in"
		guest "$1" user 10.0.2.15/10.0.2.2 "$begin;sleep,1000,|,nc,10.0.2.2,$port,|,$count" ;;
	guests)
		last="$((net_mb * 16))+0 records in"
		guest "$1" hub-1 10.9.0.1 "(sleep,1000,|,nc,-l,-p,5000,|,$count)&sleep,1;$ready;sleep,1000"
		echo --next--
		guest "$1" hub-2 10.9.0.2/10.9.0.1 "$begin;dd,if=/dev/zero,bs=64k,count=$((net_mb * 16)),2>/dev/null,|,nc,10.9.0.1,5000;sleep,1000" ;;
	ping)
		guest "$1" hub-1 10.9.0.1 "$ready;sleep,1000"
		echo --next--
		guest "$1" hub-2 10.9.0.2/10.9.0.1 "$begin;ping,-A,-q,-c,$pings,10.9.0.1;$end;sleep,1000" ;;
	esac >"$tmp/words"
	rm -f "$tmp/qemu"
	set --
	while IFS= read -r word; do set -- "$@" "$word"; done <"$tmp/words"
	taskset -c "$core" "$tmp/span" span BEGIN "$last" "$@"
}

# --- running and telling ------------------------------------------------------------------------------
for run in $(seq "$runs"); do
	for what in ${only:-read write guests nat ping}; do
		for who in lgemu ${qemu:+qemu}; do
			say "run $run of $runs: $what, $who"
			result=$(measure "$who" "$what") || { say "$who did not finish: $what"; continue; }
			echo "$what $who $result" >>"$tmp/all"
		done
	done
done
[ -s "$tmp/all" ] || exit 1
echo
echo "$(basename "$(dirname "$kernel")"), CPU time on one processor, middle of $runs runs (and the largest over the smallest)"
awk -v disk=$disk_mb -v net=$net_mb -v pings=$pings '
	{ value[$1 " " $2, ++count[$1 " " $2]] = $3; wall[$1 " " $2, count[$1 " " $2]] = $4 }
	function sort(key,   i, j, t) {
		for (i = 2; i <= count[key]; i++)
			for (j = i; j > 1 && value[key, j - 1] > value[key, j]; j--) {
				t = value[key, j]; value[key, j] = value[key, j - 1]; value[key, j - 1] = t
			}
	}
	function middle(key) { sort(key); return value[key, int((count[key] + 1) / 2)] }
	function show(what, words, unit, amount, key, m, k, who) {
		printf "%-34s %6s", words, unit
		for (k = 1; k <= 2; k++) {
			key = what (k == 1 ? " lgemu" : " qemu")
			if (!count[key]) { printf " %9s %6s", "-", "-"; m[k] = 0; continue }
			m[k] = middle(key)
			printf " %9.1f %6.2f", unit == "MB/s" ? amount * 1e9 / m[k] : m[k] / amount / 1e3, value[key, count[key]] / value[key, 1]
		}
		if (m[1] && m[2]) printf " %7.2f", m[2] / m[1]
		printf "\n"
	}
	END {
		printf "%-34s %6s %9s %6s %9s %6s %7s\n", "", "unit", "lgemu", "+-", "QEMU", "+-", "x QEMU"
		show("read", "disk, sequential read", "MB/s", disk)
		show("write", "disk, sequential write and sync", "MB/s", disk)
		show("guests", "TCP between two guests", "MB/s", net)
		show("nat", "TCP from the host, translated", "MB/s", net)
		show("ping", "ping between two guests", "us", pings)
	}' "$tmp/all"
