// SPDX-License-Identifier: MIT
//
// mutants [WORD]: broken builds that the torture test and the power cuts must catch. Each is a copy
// of the sources with one text replaced, built beside the others. `make mutants T=word`.

import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../e2e/world.mjs';

// name, by which test, file, its text, what stands there instead
const mutants = [
	['a 202 leaves before its sync', 'powercut', 'common/store/commit.c',
		'sync == SYNC_AFTER && sync_until(s, log, ours) < 0', 'sync == SYNC_AFTER && !log && sync_until(s, log, ours) < 0'],
	['a reply can be seen before its sync', 'powercut', 'common/store/commit.c',
		'set_full(&s->writer, full, err) < 0', 'set_full(&s->writer, full && !s, err) < 0'],
	['nothing is synced around a checkpoint', 'powercut', 'common/store/sql.c',
		'"PRAGMA synchronous = FULL;"', '"PRAGMA synchronous = OFF;"'],
	['a sync that failed counts as done', 'torture', 'common/store/commit.c',
		'pthread_mutex_lock(&s->sync_lock);\n\t\ts->syncing = false;',
		'pthread_mutex_lock(&s->sync_lock);\n\t\tbad = SQLITE_OK;\n\t\ts->syncing = false;'],
	['the write lock is not taken', 'powercut', 'common/store/lock.c',
		'while (flock(fd, LOCK_EX) < 0)', 'while (fd < 0)'],
	['checkpoints without the write lock', 'torture', 'common/store/health.c',
		'open_keeper(s, err) < 0 ||\n\t    lock_take(s->keeper_lock, err) < 0)', 'open_keeper(s, err) < 0)'],
	['who lost its claim may still bring its result', 'torture', 'common/store/claim.c',
		`"UPDATE events SET state = ?, owner = 0, due_at = ? "
				 "WHERE id = ? AND state = 'running' AND owner = ? AND run = ?"`,
		`"UPDATE events SET state = ?, owner = 0, due_at = ? "
				 "WHERE id = ? AND (state <> '' OR owner = ? OR run = ?)"`],
	['a death counts no attempt', 'torture', 'common/store/owner.c',
		'bool in_hand = f->expired || h->event_id == f->end->in_hand_event;', 'bool in_hand = false;'],
	['the claims of the dead stay theirs', 'torture', 'common/store/owner.c',
		'return free_claims(s, &f, err);\n}\n\nint store_leases_expire', 'return s && f.now ? 0 : free_claims(s, &f, err);\n}\n\nint store_leases_expire'],
	['calls have no stable key', 'torture', 'flow/steps/http_request.c',
		'header_list_add(headers, "Idempotency-Key"', 'header_list_add(headers, "Idempotency-Hint"'],
	['what was not stored is acknowledged', 'torture', 'server/arrival.c',
		'return store_event_add(a->front->store, &event, added, err);',
		'int got = store_event_add(a->front->store, &event, added, err);\n\n\treturn got < 0 ? 1 : got;'],
	['a delivery that comes again is stored again', 'torture', 'common/store/event.c',
		'(int64_t)(e->awaited && !held), e->dedupe_key,', '(int64_t)(e->awaited && !held), (struct slice){0},'],
	['accepted events are not counted', 'torture', 'common/store/event.c',
		'counts_add_event(c, e->received_at, e->flow_id, add->out->id, err) < 0', 'e->flow_id < 0'],
];

const word = process.argv[2] ?? '', from = join(ROOT, 'build');
const dir = mkdtempSync(join(tmpdir(), 'ringbolt-mutants-'));
let missed = 0;

/** copy makes a tree of its own, with what is built already, so that little is built again. */
function copy(tree) {
	mkdirSync(tree);
	for (const part of ['common', 'flow', 'server', 'worker', 'cli', 'migrations', 'schema', 'Makefile']) {
		cpSync(join(ROOT, part), join(tree, part), { recursive: true, preserveTimestamps: true });
	}
	symlinkSync(join(ROOT, 'tests'), join(tree, 'tests'));
	for (const part of ['common', 'flow', 'server', 'worker', 'cli', 'assets.o', 'assets.S', 'assets.list', 'torture']) {
		cpSync(join(from, part), join(tree, 'build', part), { recursive: true, preserveTimestamps: true });
	}
}

try {
	for (const [name, test, file, text, instead] of mutants.filter(([name]) => name.includes(word))) {
		const tree = join(dir, 'tree'), source = readFileSync(join(ROOT, file), 'utf8');
		if (source.split(text).length !== 2) throw new Error(`"${name}": its text is not in ${file}, or more than once`);
		copy(tree);
		writeFileSync(join(tree, file), source.replace(text, () => instead));
		execFileSync('make', ['-s', 'all'], { cwd: tree, stdio: ['ignore', 'ignore', 'inherit'] });
		const { status, stderr } = spawnSync('node', [join(ROOT, 'tests/torture/main.mjs'), test], { encoding: 'utf8', timeout: 300000,
			env: { ...process.env, RINGBOLT: join(tree, 'build/ringbolt'), TOOLS: join(tree, 'build/tools'), SEED: '5', SECONDS: '45', IMAGES: '160' } });
		if (status === 0) missed++;
		console.log(`${status === 0 ? 'MISSED' : 'caught'} by ${test}: ${name}${status === 0 ? '' : `: ${stderr.split('\n')[0].slice(0, 160)}`}`);
		rmSync(tree, { recursive: true });
	}
} finally {
	rmSync(dir, { recursive: true, force: true });
}
process.exit(missed ? 1 : 0);
