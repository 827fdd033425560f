// SPDX-License-Identifier: MIT
//
// powercut: load with a disk that remembers, then images of what a cut could have left, each
// opened and looked at. The record and the answers are one sequence, made in the server itself, so
// "acknowledged before the cut" is exact.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import http from 'node:http';
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { flow, map, respond, call } from '../e2e/flows.mjs';
import { Destination, send } from '../e2e/http.mjs';
import { World, inFlight, kill, run, waitFor } from '../e2e/world.mjs';
import { Cuts, KEPT } from './images.mjs';
import { ANSWER, LOG, Page, SYNC_END, UNLINK } from './page.mjs';
import { below, pick, random } from './random.mjs';

const RECORD_BYTES = 1 << 28;
const digest = body => createHash('sha3-256').update(body).digest('hex').toUpperCase();
const flows = sink => [
	flow('accepted', [map('m', { id: '{{ .body.id }}' })]),
	flow('reply', [respond(201, { id: '{{ .body.id }}' })]),
	flow('far', [call('far', 'POST', sink.url, { body: { id: '{{ .body.id }}' } })]),
];

/** recorded runs the load: {w, page, bodies (digests sent), record}. The server has ended. */
async function recorded(seed, events) {
	const chance = random(seed), sink = await Destination.open(() => ({ body: {} }));
	const w = await World.open({ flows: flows(sink), start: false, serve: ['--worker-memory-mb', '1024'] });
	const page = new Page(join(w.dir, 'page'), RECORD_BYTES);
	page.order({ recording: 1 });
	w.env = page.env;
	await w.start();
	const bodies = new Map(), agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
	const post = async n => {
		const body = JSON.stringify({ id: n, pad: 'p'.repeat(below(chance, chance() < 0.05 ? 40000 : 900)) });
		bodies.set(digest(body), n);
		try {
			await send(w.port, 'POST', `/in/${pick(chance, ['accepted', 'accepted', 'reply', 'far'])}`,
				{ body, agent, again: false, headers: { 'Content-Type': 'application/json' } });
		} catch { /* its front was killed: what it was told, if anything, is in the record */ }
	};
	const numbers = Array.from({ length: events }, (_, n) => n);
	const half = events >> 1;
	await inFlight(8, numbers.slice(0, half), post);
	const [front] = w.children('front'); // the next one recovers what this one leaves
	kill(front.pid, 'SIGKILL');
	await waitFor('another front', async () => w.children('front').some(p => p.pid !== front.pid) && w.healthy(), 10000);
	await inFlight(8, numbers.slice(half), post);
	agent.destroy();
	await w.ended();
	assert.equal((await w.stop()).code, 0);
	assert.equal(page.done().unlocked, 0, 'the database was written to without the write lock');
	const record = page.record();
	page.close();
	return { w, record, bodies };
}

/** cutsOf chooses where the power goes: at syncs, at answers, at removals and anywhere between. */
function cutsOf(record, count, chance) {
	const at = kind => record.flatMap((entry, n) => entry.kind === kind ? [n] : []);
	const answers = at(ANSWER), syncs = at(SYNC_END), gone = at(UNLINK);
	const cuts = [record.length, ...gone.flatMap(n => [n, n + 1])];
	while (cuts.length < count) {
		const x = chance();
		if (x < 0.4) cuts.push(pick(chance, answers) + 1);
		else if (x < 0.7) cuts.push(pick(chance, syncs) + below(chance, 2));
		else cuts.push(below(chance, record.length + 1));
	}
	return cuts.slice(0, count).sort((a, b) => a - b);
}

const LOOK = `PRAGMA integrity_check;
	SELECT json_group_array(json_array(q.id, hex(sha3(q.body, 256)),
		(SELECT max(reply_status) FROM runs r WHERE r.id > q.id * 65536 AND r.id < (q.id + 1) * 65536))) FROM requests q;`;

/** look opens an image as the plain shell does, and finds everything that was told before the cut. */
async function look(dir, told, bodies, what) {
	const db = join(dir, 'ringbolt.db');
	const { code, out, err } = await run('sqlite3', ['-batch', '-noheader', db, LOOK]);
	const [integrity, rows] = out.trim().split('\n');
	if (told.length === 0 && /no such table/.test(err)) return 0; // before the first migration
	assert.equal(code, 0, `${what}: ${err}`);
	assert.equal(integrity, 'ok', `${what}: ${out.slice(0, 300)}`);
	const stored = new Map(JSON.parse(rows).map(([id, body, status]) => [id, { body, status }]));
	for (const { event, status } of told) {
		const row = stored.get(event);
		assert.ok(row, `${what}: event ${event} was answered ${status} before the cut and is gone`);
		assert.ok(bodies.has(row.body), `${what}: the body of event ${event} is nobody's`);
		if (status !== 202) assert.ok(status === row.status || row.status === null && status === 200, `${what}: event ${event} was told ${status}, stored is ${row.status}`);
	}
	return stored.size;
}

/** carriesOn starts the server on an image: it recovers, runs what is left, and all is well. */
async function carriesOn(w, dir, told, bodies, what) {
	const again = await World.open({ data: dir, allow: '127.0.0.0/8' });
	try {
		await again.ended(null, 20000);
		assert.equal((await again.stop()).code, 0, what);
		assert.equal(await again.one('PRAGMA integrity_check'), 'ok', what);
		await look(dir, told, bodies, `${what}, after the server ran on it`);
	} finally {
		await again.close();
	}
}

/** powercut gives the figures, or throws with the cut that lost something. */
export async function powercut({ seed, images, events, starts }) {
	const chance = random(seed + 7);
	const { w, record, bodies } = await recorded(seed, events);
	const cuts = new Cuts(record), places = cutsOf(record, images, chance);
	const figures = { events, answers: record.filter(entry => entry.kind === ANSWER).length,
		syncs: record.filter(entry => entry.kind === SYNC_END && entry.file === LOG).length, images: 0, starts: 0, open: 0, told: 0, lost: 0 };
	for (const [n, place] of places.entries()) {
		cuts.at(place);
		const told = cuts.told.filter(answer => answer.event);
		const kept = KEPT[n % KEPT.length];
		const what = `seed ${seed}, cut ${n} before entry ${place} of ${record.length}, ${kept} of ${cuts.open} unsynced writes kept`;
		const { database, log } = cuts.image(kept, chance);
		const dir = join(w.dir, 'image');
		rmSync(dir, { recursive: true, force: true });
		cpSync(w.data, dir, { recursive: true, filter: name => !/\.db(-wal|-shm)?$/.test(name) });
		writeFileSync(join(dir, 'ringbolt.db'), database);
		if (log.length) writeFileSync(join(dir, 'ringbolt.db-wal'), log);
		if (starts && told.length && n % Math.ceil(images / starts) === 0) {
			await carriesOn(w, dir, told, bodies, what);
			figures.starts++;
		} else {
			await look(dir, told, bodies, what);
		}
		figures.images++;
		if (cuts.open) figures.open++;
		figures.told += told.length;
	}
	await w.close();
	return figures;
}
