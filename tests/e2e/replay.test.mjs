// SPDX-License-Identifier: MIT
//
// replay: failed events again, one or all, with the flow of then or of now; retries on the way there.

import assert from 'node:assert/strict';
import { before } from 'node:test';
import { call, flow, map, respond } from './flows.mjs';
import { Destination } from './http.mjs';
import { story } from './story.mjs';
import { World, few, inFlight, waitFor } from './world.mjs';

const N = few(500);
const accepted = { reply: 'accepted' };
let w, crm;
before(async () => {
	crm = await Destination.open(() => ({ body: { id: 7 } }));
	w = await World.open({ workers: '2:2' });
});
const dump = async () => JSON.stringify([await w.sql('SELECT * FROM event_history ORDER BY id'), await w.sql('SELECT * FROM run_history ORDER BY event, run')]);
const states = name => w.sql(`SELECT state, count(*) AS n FROM event_history WHERE flow = '${name}' GROUP BY state`)
	.then(rows => Object.fromEntries(rows.map(row => [row.state, row.n])));
const replay = async (...args) => (await w.do(['replay', ...args, '--json'])).rows().at(-1);

const once = { retry: { attempts: 1 } };
const broken = flow('orders', [map('price', { total: '{{ .body.price.amount * 2 }}' })], once);
const mended = flow('orders', [map('price', { total: '{{ (.body.price.amount? // .body.price) * 2 }}' })], once);

story('failed events are counted by a dry run, which changes nothing', async () => {
	await w.apply(broken);
	await w.post('/orders', { price: { amount: 1 } });
	await inFlight(16, Array.from({ length: N }, (_, n) => n), async n => {
		assert.equal((await w.post('/orders', { price: n })).status, 202);
	});
	await w.ended(null, 30000);
	assert.deepEqual(await states('orders'), { failed: N, succeeded: 1 });
	const before = await dump();
	const counted = await replay('--flow', 'orders', '--state', 'failed', '--flow-version', 'now', '--dry-run');
	assert.deepEqual([counted.matched, counted.queued], [N, 0]);
	assert.equal(await dump(), before);
});

story('with the flow of then they fail again, each a run more', async () => {
	await w.apply(mended);
	const [{ id }] = await w.sql("SELECT id FROM failed_events WHERE flow = 'orders' ORDER BY id LIMIT 1");
	assert.equal((await replay(String(id), '--flow-version', 'then')).queued, 1);
	const event = await w.ended(id);
	assert.equal(event.state, 'failed');
	const runs = await w.sql(`SELECT run, version, trigger, outcome FROM run_history WHERE event = ${id} ORDER BY run`);
	assert.deepEqual(runs, [{ run: 1, version: 1, trigger: 'arrival', outcome: 'failed' }, { run: 2, version: 1, trigger: 'replay', outcome: 'failed' }]);
});

story('all failed events are replayed with the flow of now, and succeed', async () => {
	const counted = await replay('--flow', 'orders', '--state', 'failed', '--flow-version', 'now');
	assert.deepEqual([counted.matched, counted.queued], [N, N]);
	await w.ended(null, 30000);
	assert.deepEqual(await states('orders'), { succeeded: N + 1 });
	assert.equal(await w.one("SELECT count(*) FROM run_history WHERE flow = 'orders' AND trigger = 'replay' AND version = 2 AND outcome = 'succeeded'"), N);
	assert.equal(await w.one("SELECT count(*) FROM failed_events WHERE flow = 'orders'"), 0);
});

story('--where takes a condition over the documented view, and says when it is none', async () => {
	await w.apply(broken);
	for (const n of [1, 2, 3]) await w.post('/orders', { price: n });
	await w.ended();
	const [{ id }] = await w.sql("SELECT id FROM failed_events WHERE flow = 'orders' ORDER BY id LIMIT 1");
	const counted = await replay('--where', `state = 'failed' AND id > ${id} AND error LIKE '%'`, '--dry-run');
	assert.equal(counted.matched, 2);
	for (const where of ['colour = 1', "state = 'failed' --", '1) OR (1', "1; DELETE FROM events", "id IN (SELECT id FROM events); --", ')']) {
		const before = await dump();
		const got = await w.cli(['replay', '--where', where, '--dry-run']);
		if (where.includes('--') && got.code === 0) continue; // a comment at the end is harmless
		assert.ok([1, 2, 3].includes(got.code), `${where}: exit ${got.code} ${got.out}`);
		assert.ok(got.err.length > 10, where);
		assert.equal(await dump(), before);
	}
	const nothing = await w.cli(['replay']);
	assert.equal(nothing.code, 2, 'everything is not replayed by accident');
});

story('replay of ids replays those, and names one that does not exist', async () => {
	await w.apply(mended);
	const ids = (await w.sql("SELECT id FROM failed_events WHERE flow = 'orders' ORDER BY id")).map(row => row.id);
	const counted = await replay(...ids.slice(0, 2).map(String), '--flow-version', 'now');
	assert.equal(counted.queued, 2);
	await w.ended();
	const left = (await w.sql("SELECT id FROM failed_events WHERE flow = 'orders'")).map(row => row.id);
	assert.deepEqual(left, ids.slice(2));
	const none = await w.cli(['replay', '999999999', '--json']);
	assert.ok(none.code !== 0 || none.rows().at(-1).matched === 0);
});

story('from the failed step on, what had succeeded is not done again', async () => {
	const steps = price => [
		call('customer', 'POST', `${crm.url}/customers`, { body: { email: '{{ .body.email }}' } }),
		map('price', { total: price, customer: '{{ .steps.customer.body.id }}' }),
		call('order', 'POST', `${crm.url}/orders`, { body: { total: '{{ .steps.price.total }}', customer: '{{ .steps.price.customer }}' } }),
	];
	await w.apply(flow('steps', steps('{{ .body.price.amount }}'), once));
	const { event } = (await w.post('/steps', { email: 'jon@example.com', price: 5 })).json;
	assert.equal((await w.ended(event)).state, 'failed');
	const urls = () => crm.calls.map(made => made.url);
	assert.deepEqual(urls(), ['/customers']);
	await w.apply(flow('steps', steps('{{ .body.price }}'), once));
	assert.equal((await replay(String(event), '--flow-version', 'now', '--from', 'failed')).queued, 1);
	assert.equal((await w.ended(event)).state, 'succeeded');
	assert.deepEqual(urls(), ['/customers', '/orders']);
	assert.deepEqual(JSON.parse(crm.calls[1].text), { total: 5, customer: 7 });
	const trace = await w.sql(`SELECT step, outcome FROM step_history WHERE event = ${event} AND run = 2 ORDER BY position`);
	assert.deepEqual(trace, [{ step: 'customer', outcome: 'reused' }, { step: 'price', outcome: 'succeeded' }, { step: 'order', outcome: 'succeeded' }]);
	assert.equal((await replay(String(event), '--flow-version', 'now')).queued, 1);
	await w.ended(event);
	assert.deepEqual(urls(), ['/customers', '/orders', '/customers', '/orders'], 'from the start does all of it again');
});

story('calls of one event carry one idempotency key, whichever run makes them', async () => {
	const keys = new Set(crm.calls.filter(made => made.url === '/customers').map(made => made.headers['idempotency-key']));
	assert.equal(keys.size, 1);
	assert.ok([...keys][0]?.length >= 8, `${[...keys]}`);
});

story('a failing run is tried again with growing pauses, each a run of its own', async () => {
	let refusals = 3;
	const shaky = await Destination.open(() => refusals-- > 0 ? { status: 503 } : { body: { ok: true } });
	await w.apply(flow('shaky', [call('far', 'POST', shaky.url, { body: {} })], {
		...accepted, retry: { attempts: 5, first_ms: 100, factor: 2, max_ms: 2000, jitter: 0 } }));
	const { event } = (await w.post('/shaky', {})).json;
	const ended = await w.ended(event);
	assert.deepEqual([ended.state, ended.attempts], ['succeeded', 4]);
	const runs = await w.sql(`SELECT trigger, outcome, error FROM run_history WHERE event = ${event} ORDER BY run`);
	assert.deepEqual(runs.map(run => run.trigger), ['arrival', 'retry', 'retry', 'retry']);
	assert.deepEqual(runs.map(run => run.outcome), ['failed', 'failed', 'failed', 'succeeded']);
	assert.match(runs[0].error, /503/);
	const gaps = shaky.calls.slice(1).map((made, i) => made.at - shaky.calls[i].at);
	for (const [i, least] of [100, 200, 400].entries()) assert.ok(gaps[i] >= least - 5, `pause ${i + 1} was ${gaps[i]} ms, at least ${least}`);
});

story('when the attempts are used up the event has failed, with the last error', async () => {
	const dead = await Destination.open(() => ({ status: 500 }));
	await w.apply(flow('dead', [call('far', 'POST', dead.url, { body: {} })], { ...accepted, retry: { attempts: 3, first_ms: 20, factor: 1, jitter: 0.5 } }));
	const { event } = (await w.post('/dead', {})).json;
	const ended = await w.ended(event);
	assert.deepEqual([ended.state, ended.attempts], ['failed', 3]);
	assert.equal(dead.calls.length, 3);
	assert.match((await w.sql(`SELECT * FROM failed_events WHERE id = ${event}`))[0].error, /500/);
	assert.equal((await w.sql(`SELECT * FROM failed_events WHERE id = ${event}`))[0].failed_step, 'far');
});

story('a step may try again within its run; a host that is not there is an error with its name', async () => {
	let refusals = 2;
	const shaky = await Destination.open(() => refusals-- > 0 ? { status: 503 } : { body: { ok: true } });
	await w.apply(flow('patient', [
		call('far', 'GET', shaky.url, { retry: { attempts: 3, pause_ms: 20 } }),
		call('nowhere', 'GET', 'http://127.0.0.1:1/', { on_error: 'continue' }),
		respond(200, { far: '{{ .steps.far.body.ok }}', nowhere: '{{ .steps.nowhere.error }}' }),
	]));
	const got = await w.post('/patient', {});
	assert.equal(got.status, 200, got.text);
	assert.equal(got.json.far, true);
	assert.match(JSON.stringify(got.json.nowhere), /127\.0\.0\.1/);
	assert.equal(shaky.calls.length, 3);
	assert.equal((await w.event(got.headers['ringbolt-event'])).attempts, 1);
});

story('an event that waits can be cancelled, and replayed afterwards', async () => {
	await w.apply(flow('waiting', [call('far', 'GET', 'http://127.0.0.1:1/')], { ...accepted, retry: { attempts: 9, first_ms: 600000, factor: 1 } }));
	const { event } = (await w.post('/waiting', {})).json;
	await waitFor('its first run to have failed', async () => {
		const { state, attempts } = await w.event(event);
		return state === 'queued' && attempts === 1;
	});
	await w.do(['event', 'cancel', String(event)]);
	assert.equal((await w.event(event)).state, 'cancelled');
	await w.apply(flow('waiting', [map('m', 1)], accepted));
	assert.equal((await replay(String(event), '--flow-version', 'now')).queued, 1);
	assert.equal((await w.ended(event)).state, 'succeeded');
});
