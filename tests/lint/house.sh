#!/bin/sh
# The floor plan, enforced: who may include whom, who owns each library, how long a file
# may be, and that tests wait for conditions instead of sleeping. Prints each fault and
# fails if there is one.
cd "$(dirname "$0")/../.." || exit 1
bad=0
complain() { # complain FINDINGS 'what is wrong'
	[ -z "$1" ] || { echo "$1" | sed "s|^|lint: $2: |"; bad=1; }
}

room() { # room DIR 'what its files may include'
	complain "$(grep -rnE '^#include "' "$1" | grep -vE "\"($2)")" "a wall is crossed"
}
never() { # never DIR 'what it may not include, though its room allows it'
	complain "$(grep -rnE "^#include \"($2)" "$1")" "a wall is crossed"
}
owner() { # owner HEADER 'the only files that may include it'
	complain "$(grep -rnE "^#include <($1)>" common flow server worker cli |
		grep -vE "^($2):")" "a library is used outside its owner"
}

room common 'common/'
room flow   'flow/|common/'
room server 'server/|common/|flow/(flow|system)\.h'
room worker 'worker/|common/|flow/'
never flow 'common/store' # a flow must run without a database
complain "$(grep -rnE '^#include "common/store/' common flow server worker cli |
	grep -v '^common/store/')" "only common/store/ looks behind store.h"
complain "$(grep -rnE '\bsqlite3_|\bPRAGMA\b' flow server worker cli --include='*.[ch]' |
	grep -vE '^flow/steps/sqlite_(query|value)\.[ch]:')" "SQL outside the store"

owner 'sqlite3\.h'   'common/store/[a-z_]+\.[ch]|flow/steps/sqlite_(query|value)\.[ch]'
owner 'civetweb\.h'  'server/http\.c'
owner 'curl/.*'      'common/outbound(_[a-z]+)?\.[ch]'
owner 'j[qv]\.h'     'flow/jq(_native)?\.c'
owner 'openssl/.*'   'common/crypto(_[a-z]+)*\.c'
owner 'cjson/.*'     'common/json\.h'

complain "$(find common flow server worker cli tests -name node_modules -prune -o -name '*.[ch]' -exec wc -l {} + |
	awk '$2 != "total" && $1 > 400 { print $2 " (" $1 " lines)" }')" "a file over 400 lines is two files"
complain "$(find common flow server worker cli -name '*.[ch]' -exec awk '
	FNR == 1 { start = 0 }
	/^{/ { start = FNR }
	/^}/ && start { if (FNR - start > 75) print FILENAME ":" start " (" FNR - start " lines)"; start = 0 }' {} +)" \
	"a function over 75 lines is two functions"
complain "$(grep -rnE '\b(usleep|nanosleep|sleep) *\(' tests --include='*.c' |
	grep -v node_modules)" "a test waits for a condition, it does not sleep"
complain "$(find common flow server worker cli tests migrations -name node_modules -prune -o \
	\( -name '*.[ch]' -o -name '*.sql' -o -name '*.mjs' -o -name '*.sh' \) -print |
	xargs grep -L 'SPDX-License-Identifier: MIT' | grep -v '\.sh$')" "no SPDX line"
complain "$(grep -rnE '\b(strcpy|strcat|sprintf|gets|strtok|system|popen|setlocale) *\(' common flow server worker cli)" \
	"a function we do not use"
[ $bad -eq 0 ] && echo "lint: the house stands as drawn"
exit $bad
