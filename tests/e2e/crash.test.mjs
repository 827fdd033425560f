// SPDX-License-Identifier: MIT
//
// crash: kill -9 at random of front, workers and supervisor while clients send. What was
// acknowledged is there, as it was sent; every event ends; the database is sound.
// SEED=n repeats a run's choices (not its timing).

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import http from 'node:http';
import { before } from 'node:test';
import { call, flow, map, respond } from './flows.mjs';
import { Destination, send } from './http.mjs';
import { story } from './story.mjs';
import { SLOW, World, alive, few, kill, waitFor } from './world.mjs';

const KILLS = few(30), CLIENTS = 8;
const SEED = +(process.env.SEED ?? Math.floor(Math.random() * 1e9));

/** random is mulberry32: the same numbers for the same seed. */
function random(seed) {
	let a = seed >>> 0;
	return () => {
		a = (a + 0x6d2b79f5) >>> 0;
		let t = Math.imul(a ^ (a >>> 15), 1 | a);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
	};
}
const digest = body => createHash('sha3-256').update(body).digest('hex').toUpperCase();

let w, sink;
before(async () => {
	sink = await Destination.open(() => ({ body: { ok: true } }));
	w = await World.open({
		flows: [
			flow('async', [map('m', { id: '{{ .body.id }}', twice: '{{ .body.n * 2 }}' })]),
			flow('sync', [map('m', { twice: '{{ .body.n * 2 }}' }), respond(200, { id: '{{ .body.id }}', twice: '{{ .steps.m.twice }}' })],
				{ deadline_ms: 5000 * SLOW }),
			flow('far', [call('far', 'POST', sink.url, { body: { id: '{{ .body.id }}' } })]),
		],
	});
});

/** A client sends until told to stop and keeps a ledger of what it was told. */
async function client(number, ledger, chance, going, acknowledged) {
	const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
	for (let n = 0; going(); n++) {
		const kind = ['async', 'async', 'async', 'sync', 'sync', 'far'][Math.floor(chance() * 6)];
		const pad = chance() < 0.02 ? 60000 : Math.floor(chance() * 1000);
		const id = `${number}-${n}`;
		const body = JSON.stringify({ id, n, pad: 'p'.repeat(pad) });
		const entry = { id, kind, digest: digest(body), n };
		ledger.set(id, entry);
		try {
			const got = await send(w.port, 'POST', `/in/${kind}`, { body, agent, again: false, within: 20000 * SLOW,
				headers: { 'Content-Type': 'application/json' } });
			entry.status = got.status;
			entry.event = +got.headers['ringbolt-event'] || 0;
			entry.text = got.text;
			if (got.status === 202 || got.status === 200) acknowledged();
		} catch (error) {
			if (error.code === 'ECONNREFUSED') { // nobody listens: it was never sent
				ledger.delete(id);
				await new Promise(done => setTimeout(done, 5));
				continue;
			}
			entry.unknown = error.code ?? error.message; // it may have been kept or not
		}
	}
	agent.destroy();
}

const targets = {
	front: async () => {
		const [{ pid }] = await waitFor('a front', () => w.children('front').length && w.children('front'));
		kill(pid, 'SIGKILL');
		await waitFor('it to be gone', () => !alive(pid));
	},
	worker: async () => {
		const [{ pid }] = await waitFor('a worker', () => w.children('worker').length && w.children('worker'));
		kill(pid, 'SIGKILL');
	},
	workers: async () => {
		for (const { pid } of w.children('worker')) kill(pid, 'SIGKILL');
	},
	supervisor: async () => {
		const pids = w.children().map(child => child.pid);
		const ended = w.server.ended;
		kill(w.server.pid, 'SIGKILL');
		await ended;
		await waitFor('its children to be gone', () => !pids.some(alive), 1000);
		await w.start();
	},
};
const sum = (list, what) => list.filter(what).length;

story(`nothing acknowledged is lost over ${KILLS} kill -9 at random, and every event ends`, { timeout: 240000 * SLOW }, async () => {
	console.log(`# seed ${SEED}`);
	const chance = random(SEED), ledger = new Map();
	let going = true;
	let told = 0;
	const acknowledged = () => told;
	const clients = Array.from({ length: CLIENTS }, (_, i) => client(i, ledger, random(SEED + 1 + i), () => going, () => { told++; }));
	const order = Array.from({ length: KILLS }, () => {
		const x = chance();
		return x < 0.4 ? 'front' : x < 0.65 ? 'worker' : x < 0.8 ? 'workers' : 'supervisor';
	});
	if (!order.includes('supervisor')) order[order.length - 1] = 'supervisor';
	try {
		for (const target of order) {
			const enough = acknowledged() + few(100 + chance() * 1200);
			await waitFor('work to flow again', () => acknowledged() >= enough, 20000);
			await targets[target]();
		}
		await waitFor('the server to be well', () => w.healthy(), 20000);
	} finally {
		going = false;
		await Promise.all(clients);
	}
	await w.ended(null, 60000);
	await check([...ledger.values()]);
});

async function check(ledger) {
	const told = ledger.filter(entry => entry.event);
	console.log(`# ${ledger.length} sent, ${told.length} told of their event, ${sum(ledger, e => e.status === 503)} told 503, `
		+ `${sum(ledger, e => e.unknown)} unknown`);
	assert.ok(told.length > KILLS * few(300), 'enough was sent to mean something');
	for (const entry of ledger) {
		assert.ok(entry.unknown || [200, 202, 503, 504, 500].includes(entry.status), `${entry.kind} was answered ${entry.status} ${entry.text}`);
		if (entry.status === 202 || entry.status === 200) assert.ok(entry.event, 'an acknowledgement names its event');
	}

	const stored = new Map((await w.sql(`SELECT q.id, hex(sha3(q.body_raw, 256)) AS digest, q.flow, h.state, h.attempts, h.error
		FROM event_requests q JOIN event_history h USING (id)`)).map(row => [row.id, row]));
	for (const entry of told) {
		const row = stored.get(entry.event);
		assert.ok(row, `event ${entry.event}, acknowledged with ${entry.status}, is in the database`);
		assert.equal(row.digest, entry.digest, `the body of event ${entry.event}`);
		assert.equal(row.flow, entry.kind);
	}
	assert.equal(new Set(told.map(entry => entry.event)).size, told.length, 'no event was told to two callers');
	const sent = new Set(ledger.map(entry => entry.digest));
	for (const row of stored.values()) assert.ok(sent.has(row.digest), `event ${row.id} was sent by somebody`);

	assert.deepEqual(await w.sql("SELECT id, state FROM event_history WHERE state NOT IN ('succeeded', 'failed')"), [], 'every event has ended');
	for (const row of await w.sql('SELECT * FROM failed_events')) {
		assert.match(row.error, /worker/, `event ${row.id} failed for no other reason than its workers' deaths`);
		assert.ok(row.attempts >= 3);
	}
	const crashed = await w.one("SELECT count(*) FROM run_history WHERE outcome = 'crashed'");
	const again = sum([...stored.values()], row => row.attempts > 1);
	console.log(`# ${crashed} runs crashed, ${again} events have more than one attempt`);
	assert.ok(crashed > 0 && again > 0, 'the second attempts are there to be seen');
	assert.ok(crashed <= KILLS * 2, `${crashed} runs crashed: at most one for each worker that died`);
	assert.equal(await w.one("SELECT count(*) FROM run_history WHERE outcome = 'running'"), 0);

	const replies = new Map((await w.sql('SELECT event, reply_body FROM run_history WHERE reply_status IS NOT NULL ORDER BY run')).map(row => [row.event, row.reply_body]));
	for (const entry of told.filter(entry => entry.kind === 'sync' && entry.status === 200)) {
		assert.equal(entry.text, replies.get(entry.event), `the reply of event ${entry.event} is the one that was stored`);
		assert.deepEqual(JSON.parse(entry.text), { id: entry.id, twice: entry.n * 2 });
	}

	const runs = new Map((await w.sql("SELECT event, count(*) AS n FROM run_history WHERE flow = 'far' GROUP BY event")).map(row => [row.event, row.n]));
	const calls = new Map(), keys = new Map();
	for (const made of sink.calls) {
		const { id } = JSON.parse(made.text);
		calls.set(id, (calls.get(id) ?? 0) + 1);
		keys.set(id, (keys.get(id) ?? new Set()).add(made.headers['idempotency-key']));
	}
	for (const entry of told.filter(entry => entry.kind === 'far')) {
		assert.ok(calls.get(entry.id) >= 1 && calls.get(entry.id) <= runs.get(entry.event),
			`event ${entry.event} was delivered ${calls.get(entry.id)} times in ${runs.get(entry.event)} runs`);
		assert.equal(keys.get(entry.id).size, 1, 'each time with the same idempotency key');
	}
	assert.equal(await w.one("SELECT sum(count) FROM daily_counts WHERE outcome = 'accepted'"), stored.size, 'the counts add up');

	assert.equal((await w.stop()).code, 0);
	assert.equal(await w.one('PRAGMA integrity_check'), 'ok');
	assert.deepEqual(await w.sql('PRAGMA foreign_key_check'), []);
}
