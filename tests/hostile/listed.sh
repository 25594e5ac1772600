#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# listed.sh BUILD: docs/hostile.md and the tests agree. Each hostile/ test that exists is in the list, each
# that is in the list exists, the numbers 1 to 16 all have one, and what the second table names is
# a case of that program.
set -eu
build=$1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
bad=0
wrong() { echo "docs/hostile.md: $*"; bad=1; }

sed -n 's/^add_test([^a-z]*hostile\/\([0-9][0-9]-[a-z0-9-]*\).*/\1/p' \
	"$build/tests/hostile/CTestTestfile.cmake" | sort >"$tmp/there"
[ -s "$tmp/there" ] || wrong "no tests were found in $build"
sed '/^## /,$d' docs/hostile.md | grep -o '`[0-9][0-9]-[a-z0-9*-]*`' | tr -d '`' | sort >"$tmp/listed"
while read -r name; do
	number=${name%%-*}
	grep -qx -e "$name" -e "$number-\*" "$tmp/listed" || wrong "it lacks hostile/$name"
done <"$tmp/there"
while read -r name; do
	case $name in
	*\*) grep -q "^${name%\*}" "$tmp/there" || wrong "there is no hostile/$name" ;;
	*) grep -qx -e "$name" "$tmp/there" || wrong "there is no hostile/$name" ;;
	esac
done <"$tmp/listed"
for number in 01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16; do
	grep -q "^$number-" "$tmp/there" || wrong "number $number has no test"
done

# | rows | `program` | `case`, `case` ... |
sed '1,/^## /d' docs/hostile.md | sed -n 's/^| \([0-9][0-9, to]*\) | `\([a-z0-9_]*\)` | \(.*\) |$/\1:\2:\3/p' >"$tmp/rows"
[ -s "$tmp/rows" ] || wrong "the second table was not found"
while IFS=: read -r rows program cases; do
	for name in $(echo "$cases" | tr -d '`,'); do
		grep -q "^	tcase_add_test([a-z_]*, $name);" "tests/unit/$program.c" ||
			wrong "row $rows: $program has no case $name"
	done
done <"$tmp/rows"
exit $bad
