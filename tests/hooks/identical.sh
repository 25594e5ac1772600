#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# identical.sh WITH.o WITHOUT.o: each handler (op_*, a section of its own) has the same bytes and the
# same relocations in both, apart from the one that is the hook and those that leave a block early and
# must tell it.
set -eu
with=$1 without=$2
# LLVM's is thirty times as fast with so many sections.
for tool in llvm-objdump objdump none; do
	! command -v $tool >/dev/null || break
done
[ $tool != none ] || { echo "no objdump here"; exit 77; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# A line per instruction and relocation, after the name of its handler.
handlers() {
	$tool -d -r "$1" | awk '
		/^[0-9a-f]+ <.*>:$/ { name = substr($2, 2, length($2) - 3); keep = name ~ /^op_/; next }
		/^Disassembly/ { keep = 0 }
		keep && NF { print name, $0 }'
}
handlers "$with" >"$tmp/with"
handlers "$without" >"$tmp/without"

hooks='^(op_note_block|op_count_block|op_give_back|op_fault|op_break_off) '
grep -Ev "$hooks" "$tmp/with" >"$tmp/a"
grep -Ev "$hooks" "$tmp/without" >"$tmp/b"
n=$(cut -d' ' -f1 "$tmp/a" | uniq | wc -l)
[ "$n" -gt 1000 ] || { echo "only $n handlers: not what was meant to be compared"; exit 1; }
# The comparison can fail: the hooks themselves do differ.
if cmp -s "$tmp/with" "$tmp/without"; then
	echo "hooks in or out makes no difference at all: was anything left out?"
	exit 1
fi
if ! cmp -s "$tmp/a" "$tmp/b"; then
	echo "handlers that are not the same without hooks:"
	diff "$tmp/a" "$tmp/b" | sed -n 's/^[<>] \([^ ]*\).*/\1/p' | sort -u | head -n 20
	exit 1
fi
echo "$n handlers, the same with hooks and without"
