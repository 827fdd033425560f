#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs the end-to-end tests with node's own runner, one file after the other. With a word
# in $1: the file of that name, or else the tests whose name has the word.
cd "$(dirname "$0")" || exit 1
word=$1
set --
if [ -n "$word" ] && [ -f "$word.test.mjs" ]; then
	files=$word.test.mjs
elif [ -n "$word" ]; then
	files=$(grep -lE -e "(story|test)\(.*$word" -- *.test.mjs)
	[ -n "$files" ] || { echo "no end-to-end test has \"$word\" in its name"; exit 0; }
	set -- "--test-name-pattern=$word"
elif [ -n "$VALGRIND" ]; then
	files='intake.test.mjs reply.test.mjs badinput.test.mjs' # the doors to the world; the rest takes too long
else
	files=$(ls -- *.test.mjs)
fi
[ -x "${RINGBOLT:-../../build/ringbolt}" ] || { echo "no program: run make first"; exit 1; }
# Two cores: one server at a time. Older releases of node have no such flag and no need of it.
if node --help | grep -q -e --test-concurrency; then set -- --test-concurrency=1 "$@"; fi
# shellcheck disable=SC2086 # names without spaces
exec node --test "$@" $files
