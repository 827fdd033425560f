// SPDX-License-Identifier: MIT
//
// sqlite: the database is a product: documented views, counts that add up, refusals, backup.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before } from 'node:test';
import { failWith, flow, map, respond } from './flows.mjs';
import { send } from './http.mjs';
import { story } from './story.mjs';
import { RINGBOLT, World, few, inFlight, lines, run, waitFor } from './world.mjs';

const VIEWS = {
	event_history: ['id', 'flow', 'received_at', 'state', 'method', 'path', 'status', 'attempts', 'duration_ms', 'error'],
	failed_events: ['id', 'flow', 'received_at', 'method', 'path', 'status', 'attempts', 'error'],
	event_requests: ['id', 'flow', 'method', 'path', 'headers', 'query', 'body'],
	run_history: ['event', 'run', 'flow', 'version', 'trigger', 'outcome', 'started_at', 'duration_ms', 'error'],
	step_history: ['event', 'run', 'step', 'type', 'outcome', 'output', 'error'],
	rejected_requests: ['received_at', 'flow', 'status', 'cause', 'method', 'path'],
	queue_now: ['id', 'flow', 'state', 'due_at'],
	daily_counts: ['day', 'flow', 'outcome', 'count'],
};
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$/;

let w;
before(async () => {
	w = await World.open({
		secrets: { key: 'right' },
		flows: [flow('fine', [map('m', '{{ .body }}')]), flow('failing', [failWith('told to')], { retry: { attempts: 1 } }),
			flow('paused', [map('m', 1)]), flow('quick', [respond(200, 'x')]),
			flow('keyed', [map('m', 1)], { authentication: { type: 'api_key', in: 'header', name: 'X-Key', secret: 'key' },
				dedupe: { key: '{{ .headers["x-id"] }}' } })],
	});
});

story('arrivals add up: accepted, duplicate and rejected are all that was sent', async () => {
	await w.do(['flow', 'pause', 'paused']);
	const sent = { fine: 20, failing: 7, quick: 5, paused: 3 };
	for (const [name, n] of Object.entries(sent)) {
		await inFlight(4, Array.from({ length: n }), () => w.post(`/${name}`, { name }));
	}
	for (const id of ['a', 'b', 'a', 'a']) await w.post('/keyed', {}, { 'X-Key': 'right', 'X-Id': id });
	for (const key of ['', 'wrong']) await w.post('/keyed', {}, { 'X-Key': key });
	await w.send('PUT', '/in/fine', { body: '' });
	await w.post('/unknown', {});
	await w.post('/fine', 'x'.repeat(11 * 1024 * 1024)).catch(() => {}); // refused while it is being sent
	await w.ended();
	const counted = async outcome => await w.one(`SELECT sum(count) FROM daily_counts WHERE outcome = '${outcome}'`) ?? 0;
	assert.equal(await counted('accepted'), 37);
	assert.equal(await counted('duplicate'), 2);
	assert.equal(await counted('rejected'), 5);
	assert.equal(await w.one('SELECT count(*) FROM event_history'), 37);
	assert.equal(await w.one('SELECT count(*) FROM rejected_requests'), 5);
	assert.equal(await counted('succeeded') + await counted('failed'), 34, 'the three of the paused flow have not run');
	assert.equal(await counted('failed'), 7);
	const byFlow = await w.sql("SELECT flow, sum(count) AS n FROM daily_counts WHERE outcome = 'accepted' GROUP BY flow ORDER BY flow");
	assert.deepEqual(byFlow, [{ flow: 'failing', n: 7 }, { flow: 'fine', n: 20 }, { flow: 'keyed', n: 2 }, { flow: 'paused', n: 3 }, { flow: 'quick', n: 5 }]);
});

for (const [view, columns] of Object.entries(VIEWS)) {
	story(`the view ${view} answers in the sqlite3 shell with its documented columns`, async () => {
		const rows = await w.sql(`SELECT * FROM ${view}`);
		assert.ok(rows.length > 0, 'it has rows');
		for (const column of columns) assert.ok(column in rows[0], `${column} is among ${Object.keys(rows[0])}`);
		for (const row of rows) {
			for (const column of ['received_at', 'started_at', 'due_at']) {
				if (column in row) assert.match(row[column], ISO, column);
			}
			if ('day' in row) assert.match(row.day, /^\d{4}-\d\d-\d\d$/);
		}
	});
}

story('the times are those of now, in UTC', async () => {
	const times = await w.sql("SELECT received_at, julianday('now') - julianday(received_at) AS age FROM event_history");
	for (const { received_at, age } of times) assert.ok(age >= 0 && age < 1 / 24, received_at);
});

story('event list, show and tail say the same as the views', async () => {
	const listed = (await w.do(['event', 'list', '--flow', 'failing', '--json'])).rows();
	const rows = await w.sql("SELECT * FROM event_history WHERE flow = 'failing' ORDER BY id DESC");
	assert.deepEqual(listed.map(row => row.id), rows.map(row => row.id));
	for (const column of VIEWS.event_history) assert.equal(listed[0][column] ?? null, rows[0][column], column);
	const shown = (await w.do(['event', 'show', String(rows[0].id), '--json'])).rows()[0];
	assert.equal(shown.id, rows[0].id);
	assert.equal(shown.state, 'failed');
	assert.equal((await w.cli(['event', 'show', '999999'])).code, 1);
	assert.equal((await w.do(['event', 'list', '--state', 'held', '--json'])).rows().length, 3);
});

story('a backup taken under load opens, is sound, and holds all that was acknowledged before it', async () => {
	let busy = true;
	const acknowledged = [];
	const clients = Promise.all(Array.from({ length: 4 }, async () => {
		while (busy) {
			const got = await w.post('/fine', { filler: 'x'.repeat(500) });
			assert.equal(got.status, 202);
			acknowledged.push(got.json.event);
		}
	}));
	const copies = [];
	await waitFor('the load to have begun', () => acknowledged.length > 10);
	try {
		for (let i = 0; i < few(3); i++) {
			const before = acknowledged.length, file = join(w.dir, `copy-${i}.db`);
			await w.do(['backup', file]);
			copies.push({ file, ids: acknowledged.slice(0, before) });
		}
	} finally {
		busy = false;
		await clients;
	}
	assert.ok(copies.at(-1).ids.length > 0, 'something was acknowledged meanwhile');
	for (const { file, ids } of copies) {
		const ask = async query => (await run('sqlite3', ['-readonly', file, query])).out.trim();
		assert.equal(await ask('PRAGMA integrity_check'), 'ok');
		const kept = new Set((await ask('SELECT id FROM event_requests')).split('\n').map(Number));
		for (const id of ids) assert.ok(kept.has(id), `event ${id} is in the backup`);
	}
	const again = await w.cli(['backup', copies[0].file]);
	assert.ok(again.code !== 0, 'an existing file is not overwritten');
	assert.match(again.err, /copy-0\.db/);
});

story('doctor finds nothing wrong', async () => {
	const got = await w.cli(['doctor']);
	assert.equal(got.code, 0, got.out + got.err);
	assert.match(got.out, /SQLite \d/);
	for (const row of lines((await w.do(['doctor', '--json'])).out)) assert.ok(typeof row === 'object');
});

story('healthz and metrics answer at the console port', async () => {
	assert.equal((await send(w.console, 'GET', '/healthz')).status, 200);
	const { text } = await send(w.console, 'GET', '/metrics');
	assert.match(text, /^ringbolt_\w+(\{[^}]*\})? \d/m);
	assert.match(text, /accepted/);
});

story('secrets are listed by name only, and nowhere on disk as they are', async () => {
	const value = 'canary-5b1f0c6e';
	await w.do(['secret', 'set', 'canary'], { input: value });
	const { out } = await w.do(['secret', 'list', '--json']);
	assert.ok(lines(out).some(row => row.name === 'canary'));
	assert.ok(!out.includes(value));
	await w.do(['backup', join(w.dir, 'canary.db')]);
	for (const file of [join(w.dir, 'canary.db'), join(w.data, 'ringbolt.db'), join(w.data, 'ringbolt.db-wal'), w.logFile]) {
		if (existsSync(file)) assert.ok(!readFileSync(file).includes(value), file);
	}
	await w.do(['secret', 'remove', 'canary']);
	assert.ok(!lines((await w.do(['secret', 'list', '--json'])).out).some(row => row.name === 'canary'));
});

// What is not ours is refused with a sentence, and is not touched.
const foreign = {
	'a database of a newer program': dir => {
		execFileSync(RINGBOLT, ['secret', 'set', 'a', '--data', dir], { input: 'b', stdio: ['pipe', 'ignore', 'ignore'] });
		execFileSync('sqlite3', [join(dir, 'ringbolt.db'), 'PRAGMA journal_mode = DELETE; PRAGMA user_version = 999']);
	},
	'a database of another program': dir => execFileSync('sqlite3', [join(dir, 'ringbolt.db'), 'CREATE TABLE customers (id);']),
	'a file that is no database': dir => writeFileSync(join(dir, 'ringbolt.db'), 'Dear diary, '.repeat(1000)),
	'a folder where the database should be': dir => mkdirSync(join(dir, 'ringbolt.db')),
};
for (const [what, make] of Object.entries(foreign)) {
	story(`${what} is refused with a sentence and left as it is`, async () => {
		const data = join(w.dir, `foreign-${Object.keys(foreign).indexOf(what)}`);
		mkdirSync(data);
		make(data);
		const file = join(data, 'ringbolt.db');
		const bytes = what.startsWith('a folder') ? null : readFileSync(file);
		const other = await World.open({ data, start: false });
		const server = await other.launch();
		const { code } = await server.ended;
		assert.ok(code > 0, `serve ended with ${code}`);
		assert.match(other.log(), /ringbolt\.db|the database/);
		assert.doesNotMatch(other.log(), /Sanitizer|abort/i);
		if (what.includes('newer')) assert.match(other.log(), /999|newer/);
		if (bytes) assert.ok(readFileSync(file).equals(bytes), 'not a byte has changed');
		const set = await other.cli(['secret', 'set', 'a'], { input: 'b' });
		assert.ok(set.code > 0);
		assert.match(set.err, /ringbolt\.db|the database/);
	});
}

story('a directory that cannot be written is refused by name', async t => {
	if (process.getuid() === 0) return t.skip('root may write everywhere');
	const data = join(w.dir, 'locked');
	mkdirSync(data, { mode: 0o500 });
	const got = await run(RINGBOLT, ['secret', 'set', 'a', '--data', data], { input: 'b' });
	assert.ok(got.code > 0);
	assert.match(got.err, /locked/);
});
