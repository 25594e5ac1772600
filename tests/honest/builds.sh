#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# builds.sh SOURCE DIR TRACK [all]: the same Guest, run by other builds of lgemu (gcc, the trampoline, and
# the one that drops every cache at every turn), leaves the same trail as TRACK does: instructions
# by ring, the board clock and the guest hash every 200,000 instructions, and the console. What is
# all (./dev prove wants that) takes both compilers without optimisation, too, and looks every million. What is
# built is only the library and lgemu-track, in DIR/builds, and stays there for the next time.
set -eu
source=$1 dir=$2 track=$3
script=$source/tests/honest/session.script
every=200000 most=18446744073709551615 least=50
presets='gcc trampoline hard'
if [ "${4:-}" = all ]; then
	every=1000000 least=10
	presets="$presets clang-O0 gcc-O0"
fi

# The preset of a build, and what is different from it.
options() {
	case $1 in
	clang-O0) echo --preset dev -DCMAKE_BUILD_TYPE=Debug ;;
	gcc-O0) echo --preset gcc -DCMAKE_BUILD_TYPE=Debug ;;
	*) echo --preset "$1" ;;
	esac
}

"$track" "$script" $every $most >"$dir/trail"
lines=$(wc -l <"$dir/trail")
[ "$lines" -gt $least ] || { echo "a trail of $lines lines proves nothing" >&2; exit 1; }

status=0
for preset in $presets; do
	case $preset in gcc*)
		if ! command -v gcc >/dev/null; then
			echo "$preset: not here, skipped"
			continue
		fi ;;
	esac
	build=$dir/builds/$preset
	mkdir -p "$build"
	: >"$build/log"
	# shellcheck disable=SC2046 # words
	[ -e "$build/build.ninja" ] ||
		cmake -S "$source" -B "$build" $(options $preset) -DLG_WERROR=OFF >"$build/log" 2>&1 || :
	if ! cmake --build "$build" --target lgemu-track >>"$build/log" 2>&1; then
		tail -n 30 "$build/log" >&2
		echo "$preset: does not build" >&2
		exit 1
	fi
	"$build/tests/honest/lgemu-track" "$script" $every $most >"$build/trail" || status=1
	if cmp -s "$dir/trail" "$build/trail"; then
		echo "$preset: the same, at $((lines - 2)) places"
	else
		echo "$preset: another run; first ours, then its:" >&2
		diff "$dir/trail" "$build/trail" | head -n 6 >&2
		status=1
	fi
done
exit $status
