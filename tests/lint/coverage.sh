#!/bin/sh
# SPDX-License-Identifier: MIT
# Sums up what gcov counted below folder $1, by room: lines that ran of lines there are. Headers do
# not count, nor what a process that was killed would have counted.
cd "$(dirname "$0")/../.." || exit 1
dir=$1
find "$dir/common" "$dir/flow" "$dir/server" "$dir/worker" "$dir/cli" -name '*.gcno' | sort |
while read -r notes; do
	gcov -n "${notes%.gcno}.o" 2>/dev/null
done | awk -v minimum="$2" '
	/^File / { file = $2; gsub(/\047/, "", file) }
	/^Lines executed/ && file ~ /^(common|flow|server|worker|cli)\/.*\.c$/ {
		split($0, a, /[:% ]+/)
		total = $NF; ran = a[3] * total / 100
		room = file; sub(/\/[^\/]*$/, "", room)
		lines[room] += total; hit[room] += ran; all += total; all_hit += ran
		share[file] = a[3]; file = ""
	}
	END {
		for (f in share)
			if (share[f] < 70)
				printf "%6.1f %%  %s\n", share[f], f | "sort -n"
		close("sort -n")
		for (r in lines)
			printf "%-14s %5.1f %% of %5d lines\n", r, 100 * hit[r] / lines[r], lines[r] | "sort"
		close("sort")
		printf "%-14s %5.1f %% of %5d lines\n", "all", 100 * all_hit / all, all
		exit 100 * all_hit / all < minimum
	}'
