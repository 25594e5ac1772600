#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# run.sh LGEMU IMAGE LIE[,LIE...] lives|stops|dies 'TEXT' [option...]: the guest tells that lie to its
# disk, console or Host. It lives: power off, its disk works afterwards, and if TEXT is not -, one
# warning has it. The disk stops: the same, but it does not work, for an era that cannot reset it.
# The guest dies: status 3, and the last words have TEXT. In any case only sector 7 of the
# disk (and sector 0, where TEXT is "sector 0 changes") is not what it was.
set -eu
lgemu=$1 image=$2 lies=$3 end=$4 text=$5
shift 5
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
bad=0
wrong() { echo "$lies: $*"; bad=1; }

head -c 65536 /dev/zero | tr '\0' '\345' >"$tmp/disk"
cp "$tmp/disk" "$tmp/before"
for lie in $(echo "$lies" | tr , ' '); do
	status=0
	timeout 60 "$lgemu" run -m 16 --clock virtual --timeout-insns 200000000 -k "$image" -d "$tmp/disk" \
		"$@" -- "$lie" </dev/null >"$tmp/console" 2>"$tmp/errors" || status=$?
	warnings=$(grep -c '^lgemu: warning:' "$tmp/errors" || true)
	if grep -a '[A-Z][A-Z][A-Z]' "$tmp/console" >"$tmp/cries"; then wrong "$(cat "$tmp/cries")"; fi
	if [ "$end" = dies ]; then
		[ "$status" = 3 ] || wrong "status is $status, not 3"
		grep -qF -- "$text" "$tmp/errors" || wrong "the last words lack: $text"
	else
		[ "$status" = 0 ] || wrong "status is $status, not 0"
		case " $end $* " in *' --read-only '* | *' stops '*) ;; *)
			grep -aq 'disk good' "$tmp/console" || wrong "the disk is dead" ;;
		esac
		case $text in
		- | 'sector 0 changes') [ "$warnings" = 0 ] || wrong "$warnings warnings, not none" ;;
		*)
			[ "$warnings" = 1 ] || wrong "$warnings warnings, not 1"
			grep -qF -- "$text" "$tmp/errors" || wrong "the warning lacks: $text" ;;
		esac
	fi
done
[ "$(wc -c <"$tmp/console")" -lt 2000000 ] || wrong "the console printed without end"
[ "$(wc -c <"$tmp/disk")" = 65536 ] || wrong "the disk has another size"
skip=0
[ "$text" != 'sector 0 changes' ] || skip=512
cmp -s -i $skip -n $((3584 - skip)) "$tmp/disk" "$tmp/before" || wrong "sectors before 7 changed"
cmp -s -i 4096 "$tmp/disk" "$tmp/before" || wrong "sectors behind 7 changed"
[ $bad = 0 ] || { head -c 2000 "$tmp/console"; cat "$tmp/errors"; exit 1; }
