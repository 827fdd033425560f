// SPDX-License-Identifier: MIT
//
// steps: what a single run cannot show of delay, call_flow and for_each: waiting as a row of the
// queue, going on in another process, flows that are published meanwhile.

import assert from 'node:assert/strict';
import { before } from 'node:test';
import { call, failWith, flow, map, respond } from './flows.mjs';
import { Destination } from './http.mjs';
import { story } from './story.mjs';
import { SLOW, World, kill, waitFor } from './world.mjs';

const delay = (name, what) => ({ name, type: 'delay', ...(typeof what === 'number' ? { for_ms: what } : what) });
const callFlow = (name, of, more = {}) => ({ name, type: 'call_flow', flow: of, ...more });
const each = (name, items, steps, more = {}) => ({ name, type: 'for_each', items, steps, ...more });

let w, other, faulty;
before(async () => {
	faulty = true;
	other = await Destination.open(({ url }) => (url.startsWith('/faulty') && faulty ? { status: 503 } : { body: { at: url } }));
	const at = path => `${other.url}${path}`;
	w = await World.open({ workers: '2:2', flows: [
		flow('nap', [call('a', 'POST', at('/a')), delay('nap', 400), call('b', 'POST', at('/b'), { body: '{{ .steps.a.body.at }}' })]),
		flow('early', [respond(202, { soon: true }), delay('nap', 300), call('b', 'POST', at('/early'))]),
		flow('late', [delay('nap', 1000), respond(200, { late: '{{ .query.n }}' })], { deadline_ms: 300 }),
		flow('long', [map('m', 1), delay('nap', 3600000), call('b', 'POST', at('/long'))]),
		flow('secretive', [map('m', '{{ .body.private }}'), delay('nap', 300), map('n', '{{ .steps.m }}')], { record: 'none' }),
		flow('mends', [call('a', 'POST', at('/mends')), delay('nap', 100), call('b', 'POST', at('/faulty'))],
			{ retry: { attempts: 3, first_ms: 100, factor: 1, jitter: 0 } }),
		flow('sub', [call('c', 'POST', at('/sub'), { body: '{{ .body }}' }), respond(201, { said: '{{ .steps.c.body.at }}', n: '{{ .body.n }}' })]),
		flow('caller', [callFlow('sub', 'sub', { body: { n: '{{ .body.n }}' } }), respond(200, '{{ .steps.sub }}')]),
		flow('sleeper', [delay('nap', 200), map('done', { slept: '{{ .body }}' })]),
		flow('waits-inside', [callFlow('sub', 'sleeper', { body: 'well' }), call('b', 'POST', at('/inside'), { body: '{{ .steps.sub }}' })]),
		flow('round-a', [callFlow('b', 'round-b')]),
		flow('round-b', [callFlow('a', 'round-a')]),
		flow('missing', [callFlow('x', 'nosuch'), respond(200, 'never')], { when: { failed: { status: 502 } } }),
		flow('batch', [each('each', '{{ .body }}', [
			call('send', 'POST', at('/batch/{{ .item }}')),
			{ name: 'route', type: 'switch', paths: [{ name: 'bad', when: '{{ .event.run == 1 and .item == 3 }}', steps: [failWith('three')] }] },
		], { result: '{{ .steps.send.body.at }}' }), map('all', '{{ .steps.each }}')], { retry: { attempts: 1 } }),
	] });
});

const callsTo = path => other.calls.filter(c => c.url === path);
const keyOf = c => c.headers['idempotency-key'];

story('a run that waits is a row of the queue; it goes on as the same run and attempt', async () => {
	const got = await w.post('/nap', {});
	assert.equal(got.status, 202);
	const { event: id } = got.json;
	const queued = await waitFor('the run to wait', async () =>
		(await w.sql(`SELECT * FROM queue_now WHERE id = ${id} AND trigger = 'delay'`))[0]);
	assert.equal(queued.state, 'queued');
	const [open] = await w.sql(`SELECT * FROM run_history WHERE event = ${id}`);
	assert.deepEqual([open.outcome, open.duration_ms], ['running', null]);
	assert.deepEqual((await w.sql(`SELECT step, outcome FROM step_history WHERE event = ${id}`)).map(s => [s.step, s.outcome]),
		[['a', 'succeeded'], ['nap', 'waiting']]);
	assert.deepEqual([callsTo('/a').length, callsTo('/b').length], [1, 0]);
	const event = await w.ended(id);
	assert.deepEqual([event.state, event.attempts], ['succeeded', 1]);
	assert.ok(event.duration_ms >= 400, `the run lasted ${event.duration_ms} ms, its wait included`);
	assert.equal(await w.one(`SELECT count(*) FROM run_history WHERE event = ${id}`), 1);
	assert.equal(await w.one(`SELECT trigger FROM run_history WHERE event = ${id}`), 'arrival');
	assert.deepEqual([callsTo('/a').length, callsTo('/b').length], [1, 1]);
	assert.equal(callsTo('/b')[0].text, '/a');
	assert.equal(keyOf(callsTo('/b')[0]), `ringbolt-${id}-b`);
});

story('a reply before the delay leaves at once', async () => {
	const got = await w.post('/early', {});
	assert.deepEqual([got.status, got.json], [202, { soon: true }]);
	assert.ok(got.ms < 280 * SLOW, `answered after ${got.ms} ms`);
	assert.equal(callsTo('/early').length, 0);
	const event = await w.ended(got.headers['ringbolt-event']);
	assert.deepEqual([event.state, event.status], ['succeeded', 202]);
	assert.equal(callsTo('/early').length, 1);
});

story('a caller whose flow waits past the deadline gets 504, and the late reply at the status URL', async () => {
	const got = await w.send('POST', '/in/late?n=7');
	assert.equal(got.status, 504);
	const url = new URL(got.json.status_url);
	const shown = await waitFor('the status URL to show the reply', async () => {
		const status = await w.send('GET', url.pathname);
		return status.json.state === 'succeeded' && status;
	});
	assert.match(shown.json.reply.body, /"late":\s*"7"/);
	assert.equal((await w.event(got.json.event)).status, 504);
});

story('a long wait outlives every worker, the server and a pause of its flow', async () => {
	const { event: id } = (await w.post('/long', {})).json;
	const waiting = () => waitFor('the run to wait', () => w.one(`SELECT 1 FROM queue_now WHERE id = ${id} AND trigger = 'delay'`));
	await waiting();
	for (const { pid } of w.children('worker')) kill(pid, 'SIGKILL');
	await w.stop();
	await w.start();
	await waiting();
	assert.equal(await w.one(`SELECT count(*) FROM run_history WHERE event = ${id}`), 1);
	await w.do(['flow', 'pause', 'long']);
	await w.do(['flow', 'resume', 'long']);
	await waitFor('the run to wait again, though it was released early', () => w.one(`SELECT 1 FROM queue_now
		WHERE id = ${id} AND trigger = 'delay' AND due_at > strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '+50 minutes')`));
	assert.equal(callsTo('/long').length, 0);
});

story('a flow that records nothing leaves nothing when its wait is over', async () => {
	const { event: id } = (await w.post('/secretive', { private: 'not to be kept' })).json;
	await waitFor('the run to wait', () => w.one(`SELECT 1 FROM queue_now WHERE id = ${id} AND trigger = 'delay'`));
	assert.equal((await w.ended(id)).state, 'succeeded');
	assert.equal(await w.one(`SELECT count(*) FROM step_history WHERE event = ${id}`), 0);
});

story('what fails after a delay is retried from there, without waiting or calling again', async () => {
	const { event: id } = (await w.post('/mends', {})).json;
	await waitFor('a first failure', () => callsTo('/faulty').length > 0);
	faulty = false;
	const event = await w.ended(id);
	assert.equal(event.state, 'succeeded');
	assert.ok(event.attempts > 1);
	assert.equal(callsTo('/mends').length, 1);
	assert.equal(new Set(callsTo('/faulty').map(keyOf)).size, 1, 'the same key in each attempt');
	assert.deepEqual((await w.sql(`SELECT step, outcome FROM step_history WHERE event = ${id} AND run = ${event.attempts}`))
		.map(s => [s.step, s.outcome]), [['a', 'reused'], ['nap', 'reused'], ['b', 'succeeded']]);
});

story('a flow calls another one, and sees what it would have answered', async () => {
	const got = await w.post('/caller', { n: 5 });
	assert.deepEqual([got.status, got.json.status, got.json.body], [200, 201, { said: '/sub', n: 5 }]);
	assert.equal(callsTo('/sub').at(-1).text, '{"n":5}');
	assert.equal(keyOf(callsTo('/sub').at(-1)), `ringbolt-${got.headers['ringbolt-event']}-sub-c`);
	assert.equal(await w.one("SELECT count(*) FROM event_history WHERE flow = 'sub'"), 0, 'no event of its own');
});

story('the version that is published now is the one that is called', async () => {
	await w.apply(flow('sub', [respond(200, { version: 'new' })]));
	await waitFor('the new version to be called', async () => (await w.post('/caller', { n: 6 })).json.body.version === 'new');
});

story('a delay inside a flow that is called makes its caller wait', async () => {
	const { event: id } = (await w.post('/waits-inside', {})).json;
	await waitFor('the run to wait', () => w.one(`SELECT 1 FROM queue_now WHERE id = ${id} AND trigger = 'delay'`));
	assert.equal((await w.ended(id)).state, 'succeeded');
	assert.equal(callsTo('/inside')[0].text, '{"slept":"well"}');
});

story('flows that call each other in a circle fail with a sentence, as does a flow that is not there', async () => {
	const { event: id } = (await w.post('/round-a', {})).json;
	assert.match((await w.ended(id)).error, /flow "round-a": step "b": flow "round-b": step "a": flow "round-a" is running already/);
	assert.equal((await w.post('/missing', {})).status, 502);
	assert.match(await w.one("SELECT error FROM failed_events WHERE flow = 'missing'"), /there is no published flow "nosuch"/);
	const refused = await w.cli(['flow', 'apply', w.writeFlow(flow('selfish', [callFlow('again', 'selfish')]))]);
	assert.equal(refused.code, 3);
	assert.match(refused.err + refused.out, /would call itself/);
});

story('a loop that failed is replayed from the round that failed', async () => {
	const { event: id } = (await w.post('/batch', [1, 2, 3, 4])).json;
	assert.match((await w.ended(id)).error, /step "fail": three/);
	await w.do(['replay', String(id), '--from', 'failed']);
	await waitFor('the replay to end', async () => (await w.event(id)).state === 'succeeded');
	const sent = other.calls.map(c => c.url).filter(url => url.startsWith('/batch/'));
	assert.deepEqual(sent, ['/batch/1', '/batch/2', '/batch/3', '/batch/4']);
	assert.equal(keyOf(callsTo('/batch/4')[0]), `ringbolt-${id}-send-3`);
	assert.deepEqual(JSON.parse(await w.one(`SELECT output FROM step_history WHERE event = ${id} AND run = 2 AND step = 'all'`)), sent);
});

story('flow test walks through a delay without waiting', async () => {
	const file = w.writeFlow(flow('trial', [delay('nap', 86400000), map('m', { after: '{{ .steps.nap.until != null }}' })]), '../trial');
	const got = await w.do(['flow', 'test', file]);
	assert.match(got.out, /nap +delay +succeeded/);
	assert.match(got.out, /"after":\s*true/);
});
