// SPDX-License-Identifier: MIT
//
// replays: a replay is listed, shown, taken back, and gone on with when its command was killed.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { before } from 'node:test';
import { flow, map } from './flows.mjs';
import { story } from './story.mjs';
import { RINGBOLT, World, few, inFlight, kill, waitFor } from './world.mjs';

const N = few(3000);
const once = { retry: { attempts: 1 } };
const broken = flow('orders', [map('price', { total: '{{ .body.price.amount * 2 }}' })], once);
const mended = flow('orders', [map('price', { total: '{{ .body.price * 2 }}' })], once);
let w;
before(async () => {
	w = await World.open({ workers: '1:1', flows: [broken] });
});
const list = async () => (await w.do(['replay', 'list', '--json'])).rows();
const show = async id => (await w.do(['replay', 'show', String(id), '--json'])).rows()[0];
const numbers = ({ queued, waiting, succeeded, failed, cancelled, state }) => ({ queued, waiting, succeeded, failed, cancelled, state });
const states = () => w.sql('SELECT state, count(*) AS n FROM event_history GROUP BY state')
	.then(rows => Object.fromEntries(rows.map(row => [row.state, row.n])));

story('a replay has a number, a place in the list and a page of its own', async () => {
	assert.match((await w.do(['replay', 'list'])).err, /Nothing has been replayed/);
	for (const price of [1, 2, 3]) await w.post('/orders', { price });
	await w.ended();
	const { replay } = (await w.do(['replay', '--state', 'failed', '--reason', 'to see it \x1b[31mfail', '--json'])).rows()[0];
	await w.ended();
	assert.deepEqual(numbers(await show(replay)), { queued: 3, waiting: 0, succeeded: 0, failed: 3, cancelled: 0, state: 'ended' });
	const [row] = await list();
	assert.equal(row.id, replay);
	assert.equal(row.selection, 'state = failed');
	const page = (await w.do(['replay', 'show', String(replay)])).out;
	assert.match(page, /3: 0 wait, 0 succeeded, 3 failed/);
	assert.ok(!page.includes('\x1b'), 'no reason speaks to the terminal');
	assert.match((await w.do(['replay', '1'])).out, /as replay 2/);
	for (const args of [['show', '99'], ['cancel', '99'], ['resume', '99']]) {
		const got = await w.cli(['replay', ...args]);
		assert.equal(got.code, 1, args.join(' '));
		assert.match(got.err, /no replay 99 .*replay list/);
	}
	assert.equal((await w.cli(['replay', 'show', 'x'])).code, 2);
	assert.match((await w.cli(['replay', 'resume', String(replay)])).err, /queued all it chose/);
	assert.equal(await w.one('SELECT count(*) FROM replay_history'), 2);
});

story('what waits is given back by a cancel, and can be replayed again', async () => {
	await w.ended();
	await w.apply(mended);
	const { replay } = (await w.do(['replay', '--state', 'failed', '--flow-version', 'now', '--rate', '1/m', '--json'])).rows()[0];
	await waitFor('the first one of it to succeed', async () => (await show(replay)).succeeded === 1);
	assert.equal((await show(replay)).waiting, 2);
	assert.match((await w.do(['replay', 'cancel', String(replay)])).out, /given back: 2/);
	assert.deepEqual(numbers(await show(replay)), { queued: 3, waiting: 0, succeeded: 1, failed: 0, cancelled: 2, state: 'cancelled' });
	assert.deepEqual(await states(), { succeeded: 1, failed: 2 });
	assert.match((await w.cli(['replay', 'cancel', String(replay)])).err, /cancelled before/);
	await w.do(['replay', '--state', 'failed', '--flow-version', 'now']);
	await w.ended();
	assert.deepEqual(await states(), { succeeded: 3 });
});

story('a replay whose command is killed in the middle is gone on with, and no event runs twice', async () => {
	await w.apply(broken);
	await inFlight(16, Array.from({ length: N }, (_, n) => n), n => w.post('/orders', { price: n }));
	await w.ended(null, 60000);
	const child = spawn(RINGBOLT, ['replay', '--state', 'failed', '--data', w.data], { stdio: 'ignore' });
	const ended = new Promise(done => child.on('exit', done));
	await waitFor('the replay to have begun', async () => await w.one("SELECT max(id) FROM replay_history WHERE queued > 0 AND selection = 'state = failed' AND created_at > strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-60 seconds')") === 5);
	kill(child.pid, 'SIGKILL');
	await ended;
	const cut = await show(5);
	if (cut.state === 'unfinished') { // else it was quicker than we
		assert.ok(cut.queued < N, `${cut.queued}`);
		assert.match((await w.do(['replay', 'show', '5'])).out, /replay resume 5/);
		await w.do(['replay', 'resume', '5']);
	}
	await w.ended(null, 60000);
	assert.deepEqual(numbers(await show(5)), { queued: N, waiting: 0, succeeded: 0, failed: N, cancelled: 0, state: 'ended' });
	assert.equal(await w.one(`SELECT count(*) FROM (SELECT event FROM run_history WHERE event > 3 GROUP BY event HAVING count(*) <> 2)`), 0);
});
