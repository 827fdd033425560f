#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs what is missing, on Debian and its relatives: `packages.sh build` for the program,
# `packages.sh test` for the tests too. Says nothing when nothing is missing.
set -eu
what=${1:-build}

build='gcc libc6-dev make libsqlite3-dev libcivetweb-dev libcjson-dev uthash-dev libjq-dev libcurl4-openssl-dev libssl-dev'
tests='libcmocka-dev nodejs npm ca-certificates valgrind strace sqlite3 wrk curl openssl tzdata'
case $what in
build) wanted=$build ;;
test) wanted="$build $tests" ;;
*) echo "usage: sh packages.sh build|test" >&2; exit 2 ;;
esac

# header FILE: does the compiler find it?
header() {
	command -v "${CC:-cc}" >/dev/null 2>&1 || return 1
	printf '#include <stddef.h>\n#include <stdint.h>\n#include <stdarg.h>\n#include <setjmp.h>\n#include <%s>\n' "$1" |
		"${CC:-cc}" -E -x c - >/dev/null 2>&1
}

# there PACKAGE: is what we need of it on this machine, wherever it came from?
there() {
	case $1 in
	gcc) command -v "${CC:-cc}" >/dev/null 2>&1 ;;
	libc6-dev) header stdio.h ;;
	libsqlite3-dev) header sqlite3.h ;;
	libcivetweb-dev) header civetweb.h ;;
	libcjson-dev) header cjson/cJSON.h ;;
	uthash-dev) header uthash.h ;;
	libjq-dev) header jq.h ;;
	libcurl4-openssl-dev) header curl/curl.h ;;
	libssl-dev) header openssl/evp.h ;;
	libcmocka-dev) header cmocka.h ;;
	nodejs) node -e 'process.exit(parseInt(process.versions.node) >= 18 ? 0 : 1)' >/dev/null 2>&1 ;;
	tzdata) [ -e /usr/share/zoneinfo/Europe/Berlin ] ;;
	ca-certificates) [ -e /etc/ssl/certs/ca-certificates.crt ] ;;
	*) command -v "$1" >/dev/null 2>&1 ;;
	esac
}

missing() {
	for package in $wanted; do
		there "$package" || printf '%s ' "$package"
	done
}

lacking=$(missing)
[ -n "$lacking" ] || exit 0

# Nothing can be installed: say what, and stop only when it cannot be compiled without.
do_without() {
	echo "$1, by the names of Debian 12's packages:" >&2
	echo "    $lacking" >&2
	case " $lacking" in
	*' gcc '* | *-dev*) exit 1 ;;
	esac
	exit 0
}

command -v apt-get >/dev/null 2>&1 ||
	do_without "This machine lacks some packages; install them with this system's own tool"
as_root=
if [ "$(id -u)" -ne 0 ]; then
	command -v sudo >/dev/null 2>&1 ||
		do_without "Some packages are missing, and there is neither root nor sudo to install them"
	as_root=sudo
fi
echo "installing: $lacking"
# shellcheck disable=SC2086 # the list is meant to be split
if ! { $as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq &&
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $lacking >/dev/null; }; then
	echo "apt-get could not install them. By hand, as root:" >&2
	echo "    apt-get update && apt-get install --no-install-recommends $lacking" >&2
	exit 1
fi
lacking=$(missing)
[ -z "$lacking" ] || {
	echo "Installed, and still not to be found: $lacking" >&2
	echo "Is it another release than Debian 12? node must be 18 or later." >&2
	exit 1
}
