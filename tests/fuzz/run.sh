#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs the harnesses of folder $1: each over its corpus once; with a number in $2, that many seconds
# of libFuzzer each. What it finds on the way is kept beside the program (<name>.corpus), a failing
# input as <name>.found-*; with a word in $3, only those with the word in their name.
cd "$(dirname "$0")/../.." || exit 1
dir=$1 seconds=$2 word=$3 failed=0
for source in tests/fuzz/*.c; do
	name=$(basename "$source" .c)
	program=$dir/$name corpus=tests/fuzz/corpus/$name
	[ "$name" != driver ] || continue
	case $name in *"$word"*) ;; *) continue ;; esac
	log=$(mktemp)
	if [ -n "$seconds" ]; then
		mkdir -p "$program.corpus"
		words=
		[ ! -f "tests/fuzz/$name.dict" ] || words=-dict=tests/fuzz/$name.dict
		# shellcheck disable=SC2086 # one word or none
		"$program" -max_total_time="$seconds" -max_len=4096 -timeout=10 -rss_limit_mb=2048 \
			-artifact_prefix="$program.found-" $words -print_final_stats=1 \
			"$program.corpus" "$corpus" >"$log" 2>&1
	else
		"$program" "$corpus" >"$log" 2>&1
	fi
	if [ $? -eq 0 ]; then
		printf 'ok   %s (%s)\n' "$name" "$(sed -n 's/^stat::number_of_executed_units: */runs /p; s/ inputs$/ inputs/p' "$log" | tail -n 1)"
	else
		failed=$((failed + 1))
		printf 'FAIL %s\n' "$name"
		tail -n 40 "$log"
	fi
	rm -f "$log"
done
[ $failed -eq 0 ]
