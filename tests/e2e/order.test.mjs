// SPDX-License-Identifier: MIT
//
// order: 50 keys, 4 workers, and workers that are killed: the sink sees each key's events in the
// order of their arrival. A call that a death cut short may be seen twice, never too early.

import assert from 'node:assert/strict';
import { call, flow } from './flows.mjs';
import { Destination } from './http.mjs';
import { story } from './story.mjs';
import { SLOW, World, few, inFlight, kill, waitFor } from './world.mjs';

const KEYS = 50, EACH = few(12), KILLS = few(12);

const body = { key: '{{ .body.key }}', n: '{{ .body.n }}' };

story('each key is served in order while workers are killed', async () => {
	let open = new Map(), together = 0;
	const sink = await Destination.open(({ text }) => {
		const { key } = JSON.parse(text);
		const other = open.get(key);
		if (other && other !== text) together++; // another event of the key is still being answered
		open.set(key, text);
		setTimeout(() => open.get(key) === text && open.delete(key), 5);
		return { body: {}, after_ms: 8 };
	});
	const w = await World.open({
		workers: '4:4', serve: ['--crash-max', '100'],
		flows: [flow('ordered', [call('c', 'POST', sink.url, { body })], { order_by: '{{ .body.key }}' })],
	});
	let sending = true;
	const killing = (async () => {
		for (let i = 0; i < KILLS; i++) {
			const seen = sink.calls.length;
			await waitFor('more calls', () => !sending || sink.calls.length > seen + 10, 20000);
			const workers = w.children('worker');
			if (workers.length) kill(workers[i % workers.length].pid, 'SIGKILL');
			w.remember();
		}
	})();
	const keys = Array.from({ length: KEYS }, (_, i) => `k${i}`);
	await inFlight(KEYS, keys, async key => {
		for (let n = 0; n < EACH; n++) assert.equal((await w.post('/ordered', { key, n })).status, 202);
	});
	sending = false;
	await killing;
	await w.ended(undefined, 60000);
	assert.equal(await w.one(`SELECT count(*) FROM event_history WHERE state = 'succeeded'`), KEYS * EACH);
	const last = new Map(), runs = new Map();
	for (const { text } of sink.calls) {
		const { key, n } = JSON.parse(text);
		const before = last.get(key) ?? -1;
		assert.ok(n === before || n === before + 1, `${key}: ${n} came after ${before}`);
		last.set(key, n);
		runs.set(text, (runs.get(text) ?? 0) + 1);
	}
	assert.equal(together, 0, 'never two of a key at once');
	assert.equal(runs.size, KEYS * EACH);
	assert.ok(sink.calls.length >= KEYS * EACH && sink.calls.length <= KEYS * EACH + KILLS * 4 * SLOW, `${sink.calls.length} calls`);
	assert.ok(await w.one(`SELECT count(*) FROM run_history WHERE outcome = 'crashed'`) > 0, 'some were cut short');
	await w.close();
});

story('a failed event stops its key until it is cancelled or replayed', async () => {
	const sink = await Destination.open(({ text }) => ({ status: JSON.parse(text).n === 1 ? 500 : 200, body: {} }));
	const w = await World.open({
		flows: [flow('strict', [call('c', 'POST', sink.url, { body })],
			{ order_by: '{{ .body.key }}', on_failure: 'stop', retry: { attempts: 1 } })],
	});
	const ids = [];
	for (const n of [0, 1, 2]) ids.push((await w.post('/strict', { key: 'a', n })).json.event);
	const beside = (await w.post('/strict', { key: 'b', n: 7 })).json.event;
	assert.equal((await w.ended(beside)).state, 'succeeded');
	assert.equal((await w.ended(ids[1])).state, 'failed');
	assert.deepEqual(await w.sql(`SELECT id, order_key, waits_for_turn FROM queue_now`), [{ id: ids[2], order_key: 'a', waits_for_turn: 1 }]);
	assert.equal(await w.one(`SELECT blocks_key FROM failed_events`), 'a');
	assert.equal((await w.cli(['event', 'cancel', String(ids[1])])).code, 0);
	assert.equal((await w.ended(ids[2])).state, 'succeeded');
	await w.close();
});
