#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# bad-input.sh LGEMU PUPPY.elf: whatever is wrong with the command line or with a file ends with one
# clear sentence on standard error and status 2, and never with a crash.
set -eu
lgemu=$1 puppy=$2
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
bad=0

# refused 'TEXT' argument...: status 2, one line (and perhaps a hint), with TEXT in it.
refused() {
	text=$1 status=0
	shift
	timeout 20 "$lgemu" "$@" </dev/null >"$tmp/out" 2>"$tmp/err" || status=$?
	lines=$(grep -vc '^Try lgemu --help' "$tmp/err" || true)
	if [ "$status" != 2 ] || [ "$lines" != 1 ] || ! grep -qF -- "$text" "$tmp/err"; then
		echo "lgemu $*: status $status, wanted 2 and: $text"
		cat "$tmp/err"
		bad=1
	fi
}

: >"$tmp/empty"
head -c 3000 /dev/zero >"$tmp/zero"
# An ELF header of a 64-bit program, of one for another processor, and of a shared library.
elf() { # CLASS TYPE MACHINE, in octal
	printf '%b' "\\0177ELF\\0$1\\01\\01\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0$2\\0\\0$3\\0\\01\\0\\0\\0"
	head -c 200 /dev/zero
}
elf 2 2 76 >"$tmp/elf64"
elf 1 2 50 >"$tmp/elf-other"
elf 1 3 3 >"$tmp/elf-dyn"
size=$(wc -c <"$puppy")
for cut in 4 40 60 4100 $((size / 3)); do
	head -c "$cut" "$puppy" >"$tmp/cut$cut"
done
# A 32-bit program that has nothing to do with lguest: the guest without its note.
LC_ALL=C sed 's/lgemu-guest-abi/xxxxx-xxxxx-xxx/; s/lguest-guest-abi/xxxxxx-xxxxx-xxx/; s/lguest/xxxxxx/g; s/Linux version/xxxxx xxxxxxx/g' \
	"$puppy" >"$tmp/other"
head -c 1000 "$puppy" >"$tmp/odd-disk"
head -c 2048 /dev/zero >"$tmp/disk"
truncate -s 32M "$tmp/large"
# A bzImage that ends before its setup part does.
{ head -c 514 /dev/zero; printf 'HdrS'; head -c 500 /dev/zero; } >"$tmp/bz-cut"

refused "cannot open the kernel $tmp/none" run -k "$tmp/none"
refused "is empty" run -k "$tmp/empty"
refused "not a regular file" run -k /
refused "neither an ELF vmlinux nor a bzImage" run -k "$tmp/zero"
refused "64-bit" run -k "$tmp/elf64"
refused "another processor" run -k "$tmp/elf-other"
refused "not an executable" run -k "$tmp/elf-dyn"
for cut in 4 40 60 4100 $((size / 3)); do
	refused "$tmp/cut$cut" run -k "$tmp/cut$cut"
done
refused "no lguest guest support" run -k "$tmp/other"
refused "zImage" run -k "$tmp/bz-cut"
refused "cannot open the initrd" run -k "$puppy" -i "$tmp/none"
refused "is empty" run -k "$puppy" -i "$tmp/empty"
refused "do not fit into 16 MB" run -m 16 -k "$puppy" -i "$tmp/large"
refused "does not fit into 1 MB" run -m 1 -k "$puppy"
refused "$tmp/none" run -k "$puppy" -d "$tmp/none"
refused "$tmp/odd-disk" run -k "$puppy" -d "$tmp/odd-disk"
refused "$tmp/empty" run -k "$puppy" -d "$tmp/empty"
if [ "$(id -u)" != 0 ]; then
	chmod a-w "$tmp/disk"
	refused "$tmp/disk" run -k "$puppy" -d "$tmp/disk"
fi
refused "no multiboot header" run -k "$puppy" --host-image "$puppy"
refused "not an ELF file" run -k "$puppy" --host-image "$tmp/zero"
refused "between 1 and" run -m 5000 -k "$puppy"
refused "a number of megabytes" run -m lots -k "$puppy"
refused "unknown or ambiguous option --frobnicate" run --frobnicate
refused "unknown option -x" run -x
refused "wants an argument" run --kernel
refused "virtual or real" run --clock sometimes
refused "lguest existed from" run -k "$puppy" --abi 5.10
refused "GenuineLguest is not in it" run -k "$puppy" --abi 2.6.23
refused "cannot read the script" run --script "$tmp/none"
printf 'expect a\nfrobnicate\n' >"$tmp/script"
refused "line 2 of the script" run --script "$tmp/script"
refused "neither a command nor a number" frobnicate
refused "a kernel is wanted" 64
refused "$tmp/none" inspect "$tmp/none"
refused "inspect wants one image" inspect

# Random bytes behind every magic number there is.
n=0
while [ $n -lt 20 ]; do
	{ head -c $((n * 4 + 4)) "$puppy"; head -c 3000 /dev/urandom; } >"$tmp/random"
	status=0
	timeout 20 "$lgemu" run -m 8 --timeout-insns 20000000 -k "$tmp/random" </dev/null >/dev/null 2>"$tmp/err" ||
		status=$?
	case $status in
	2 | 3 | 5 | 124) ;;
	*)
		echo "a damaged header: status $status"
		cat "$tmp/err"
		bad=1 ;;
	esac
	n=$((n + 1))
done
exit $bad
