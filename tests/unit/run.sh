#!/bin/sh
# Runs the unit test programs of folder $1; with a word in $2, only the tests whose name
# (or whose program's name) has the word. VALGRIND=1 runs them under valgrind.
dir=$1 word=$2 failed=0 programs=0
[ -n "$VALGRIND" ] && under="valgrind -q --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite"
# Debian 12's valgrind knows neither pidfd_open nor a lowered limit of descriptors, which the step
# command needs for each program it starts; ASan looks at the same code.
beyond_valgrind=" test_command "
for test in "$dir"/test_*; do
	[ -x "$test" ] && [ ! -d "$test" ] || continue
	case $test in *.d) continue ;; esac
	case $(basename "$test") in *"$word"*) filter= ;; *) filter=$word ;; esac
	if [ -n "$filter" ]; then
		grep -qa "$filter" "$test" || continue
		export CMOCKA_TEST_FILTER="*$filter*"
	else
		unset CMOCKA_TEST_FILTER
	fi
	if [ -n "$VALGRIND" ] && [ -z "${beyond_valgrind##* "$(basename "$test")" *}" ]; then
		printf 'skip %s: beyond what valgrind can run\n' "$(basename "$test")"
		continue
	fi
	programs=$((programs + 1))
	log=$(mktemp)
	if $under "$test" >"$log" 2>&1; then
		printf 'ok   %s (%s)\n' "$(basename "$test")" "$(grep -c '\[       OK \]' "$log")"
	else
		failed=$((failed + 1))
		printf 'FAIL %s\n' "$(basename "$test")"
		grep -v '\[       OK \]\|\[ RUN      \]' "$log" | tail -n 60
	fi
	rm -f "$log"
done
echo "unit programs${VALGRIND:+ under valgrind}:"
echo "$((programs - failed)) passed, $failed failed"
[ $failed -eq 0 ] && [ $programs -gt 0 ]
