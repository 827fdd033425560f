// SPDX-License-Identifier: MIT
//
// control: how many requests are let in, and which events run first.

import assert from 'node:assert/strict';
import { call, flow, map, respond } from './flows.mjs';
import { Destination } from './http.mjs';
import { story } from './story.mjs';
import { SLOW, World, inFlight, waitFor } from './world.mjs';

story('a flood over a rate limit gets 429, is counted whole and leaves few rows', async () => {
	const w = await World.open({
		flows: [
			flow('slow', [map('m', 1)], { rate_limit: { per_second: 0.01, burst: 5 } }),
			flow('free', [map('m', 1)]),
		],
	});
	const flood = async n => {
		const got = await inFlight(8, Array.from({ length: n }), () => w.post('/slow', { a: 1 }));
		return got.filter(answer => answer.status === 202).length;
	};
	assert.equal(await flood(200), 5);
	const refused = await w.post('/slow', { a: 1 });
	assert.equal(refused.status, 429);
	assert.ok(+refused.headers['retry-after'] >= 1 && +refused.headers['retry-after'] <= 100, refused.headers['retry-after']);
	assert.match(refused.json.error, /try again later/);
	assert.equal((await w.post('/free', { a: 1 })).status, 202);

	// A new version and a reload of the hooks do not fill the bucket.
	w.writeFlow(flow('slow', [map('m', 2)], { rate_limit: { per_second: 0.01, burst: 5 } }));
	assert.equal((await w.cli(['flow', 'apply', w.flows])).code, 0);
	await waitFor('the new version', async () => (await w.one(`SELECT max(number) FROM flow_versions`)) === 2);
	assert.equal(await flood(50), 0);

	const counted = outcome => w.one(`SELECT sum(count) FROM daily_counts WHERE flow = 'slow' AND outcome = '${outcome}'`);
	await waitFor('all refusals to be counted', async () => await counted('rejected') === 246);
	assert.equal(await counted('accepted'), 5);
	const rows = await w.sql(`SELECT status, cause FROM rejected_requests WHERE flow = 'slow'`);
	assert.ok(rows.length >= 1 && rows.length <= 20, `${rows.length} rows`);
	assert.equal(rows[0].status, 429);
	assert.match(rows[0].cause, /rate limit of 0.01 a second/);
	await w.close();
});

story('a flow with a concurrency runs no more at once, and the others go on', async () => {
	let now = 0, most = 0;
	const sink = await Destination.open(() => {
		most = Math.max(most, ++now);
		setTimeout(() => now--, 28); // a moment before the answer
		return { body: {}, after_ms: 30 };
	});
	const w = await World.open({
		workers: '4:4',
		flows: [
			flow('few', [call('c', 'POST', sink.url, { body: 1 })], { concurrency: 2 }),
			flow('free', [map('m', 1)]),
		],
	});
	await inFlight(8, Array.from({ length: 30 }), () => w.post('/few', {}));
	const free = (await w.post('/free', {})).json.event;
	await w.ended(free);
	assert.ok(await w.one(`SELECT count(*) FROM queue_now WHERE flow = 'few'`) > 5, 'the others went past it');
	await w.ended();
	assert.equal(await w.one(`SELECT count(*) FROM event_history WHERE state = 'succeeded'`), 31);
	assert.equal(most, 2);
	await w.close();
});

story('live traffic never waits for a replay: at most for the run that is in a hand', async () => {
	let slow = 0;
	const sink = await Destination.open(() => ({ body: {}, after_ms: slow }));
	const w = await World.open({
		workers: '1:1',
		flows: [flow('old', [call('c', 'POST', sink.url, { body: {} })]), flow('live', [respond(200, { live: true })]),
			flow('calls', [call('c', 'POST', sink.url, { body: {} }), respond(200, { called: true })])],
	});
	for (let i = 0; i < 60; i++) assert.equal((await w.post('/old', {})).status, 202);
	await w.ended();
	slow = 100;
	await w.do(['replay', '--flow', 'old', '--all']);
	await waitFor('the replay to run', () => sink.calls.length > 61);
	for (const name of ['live', 'calls', 'live']) {
		const got = await w.post(`/${name}`, {});
		assert.equal(got.status, 200, got.text);
		assert.ok(got.ms < 1000 * SLOW, `${name} was answered after ${got.ms} ms`);
	}
	assert.ok(await w.one(`SELECT count(*) FROM queue_now WHERE lane = 'replay'`) > 20, 'the replay waits meanwhile');
	await w.close();
});

story('what a flow held is drained at the rate that resuming asks for', async () => {
	const sink = await Destination.open(() => ({ body: {} }));
	const w = await World.open({ workers: '2:2', flows: [flow('held', [call('c', 'POST', sink.url, { body: '{{ .body.n }}' })])] });
	await w.do(['flow', 'pause', 'held']);
	await waitFor('the pause to show', async () => (await w.post('/held', { n: -1 })).json.state === 'held');
	for (let n = 0; n < 8; n++) await w.post('/held', { n });
	await w.do(['flow', 'resume', 'held', '--rate', '20/s']);
	await w.ended();
	const at = sink.calls.map(one => one.at);
	assert.ok(at.at(-1) - at[0] >= 350, `drained in ${at.at(-1) - at[0]} ms, eight gaps of 50 ms were asked for`);
	await w.close();
});

story('what waits is run by its priority', async () => {
	const sink = await Destination.open(() => ({ body: {} }));
	const to = name => [call('c', 'POST', sink.url, { body: name })];
	const w = await World.open({
		workers: '1:1',
		flows: [
			flow('low', to('low'), { priority: 'low' }), flow('normal', to('normal')),
			flow('high', to('high'), { priority: 'high' }),
		],
	});
	const names = ['low', 'normal', 'high'];
	for (const name of names) assert.equal((await w.cli(['flow', 'pause', name])).code, 0);
	for (const name of [...names, ...names]) {
		await waitFor('the flow to be paused', async () => (await w.post(`/${name}`, {})).json.state === 'held');
	}
	assert.deepEqual((await w.sql(`SELECT DISTINCT lane FROM queue_now ORDER BY lane`)).map(row => row.lane), ['high', 'live', 'low']);
	for (const name of names) {
		await w.stop();
		assert.equal((await w.cli(['flow', 'resume', name])).code, 0);
	}
	await w.start();
	await w.ended();
	const order = sink.calls.map(one => one.text);
	assert.deepEqual(order, [...order].sort((a, b) => names.indexOf(b) - names.indexOf(a)));
	await w.close();
});
