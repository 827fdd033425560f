#!/bin/sh
# SPDX-License-Identifier: MIT
# Starts Ringbolt with the example flows: `make run` calls it with the program to start.
# RINGBOLT_DATA, RINGBOLT_LISTEN and RINGBOLT_CONSOLE are taken from the environment.
set -eu
program=${1:?usage: sh examples/run.sh PROGRAM}
here=$(dirname "$0")
data=${RINGBOLT_DATA:-ringbolt-data}
intake=${RINGBOLT_LISTEN:-127.0.0.1:8080}
console=${RINGBOLT_CONSOLE:-127.0.0.1:8081}

# The demo secrets of the manual, unless there are others. A value goes in on standard input,
# never on the command line. A running server has its own already.
have=$("$program" secret list --data "$data" --json 2>/dev/null || true)
for name in github payment; do
	case $have in
	*"\"name\":\"$name\""*) ;;
	*)
		printf 'demo-%s-secret' "$name" | "$program" secret set "$name" --data "$data" >/dev/null
		echo "The secret \"$name\" has a demo value: demo-$name-secret (change it: ringbolt secret set $name)"
		;;
	esac
done

cat <<END

  webhooks  http://$intake/in/...   /github/push  /github/pull-request  /payment  /contact  /quote
  console   http://$console/        /healthz  /metrics
  data      $data                   sqlite3 -readonly $data/ringbolt.db 'SELECT * FROM event_history'

Try, from another terminal:

  curl -i http://$intake/in/quote -H 'Content-Type: application/json' -d '{"items":[{"sku":"A-1","quantity":2,"unit_price":19.99}]}'

More in examples/README.md. Ctrl-C ends the server.

END
exec "$program" serve --data "$data" --flows "$here" --listen "$intake" --console "$console"
