// SPDX-License-Identifier: MIT
//
// replays: a replay is listed, shown, taken back, and gone on with when its command was killed.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before } from 'node:test';
import { call, flow, map, respond } from './flows.mjs';
import { Destination } from './http.mjs';
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
	assert.equal(await w.one("SELECT count(*) FROM event_history WHERE state = 'failed'"), N, 'all met the version just applied');
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
	assert.equal(await w.one(`SELECT count(*) FROM (SELECT event FROM run_history WHERE event > 3 AND outcome = 'failed'
		GROUP BY event HAVING count(*) <> 2)`), 0);
});

const everything = async () => JSON.stringify([await w.sql('SELECT * FROM event_history ORDER BY id'), await w.sql('SELECT * FROM run_history ORDER BY event, run'),
	await w.sql('SELECT * FROM replay_history'), await w.sql('SELECT * FROM flow_versions')]);

/** quotes asks another system for a price, for each item, and answers with the sum. */
const quotes = (crm, total, more = {}) => flow('quotes', [
	{ name: 'each', type: 'for_each', items: '{{ .body.items }}', steps: [
		call('price', 'POST', `${crm.url}/price?key={{ $secrets.crm }}`, { body: { sku: '{{ .item }}' }, ...more }),
	] },
	respond(200, total),
]);

story('two versions are compared over old events, with the answers of then and nothing sent', async () => {
	let price = 10;
	const crm = await Destination.open(() => ({ body: { price: price++ } }));
	await w.do(['secret', 'set', 'crm'], { input: 'planted-0451' });
	await w.apply(quotes(crm, { total: '{{ [.steps.each[].body.price] | add }}' }));
	const ids = [];
	for (const items of [['a', 'b'], ['c'], []]) {
		const got = await w.post('/quotes', { items });
		assert.equal(got.status, 200, got.text);
		ids.push(+got.headers['ringbolt-event']);
	}
	await w.ended();
	const calls = crm.calls.length, before = await everything();
	assert.equal(calls, 3);
	const same = (await w.do(['replay', '--compare', 'quotes', '--draft', w.writeFlow(quotes(crm, { total: '{{ .steps.each | map(.body.price) | add }}' }), '../draft'), '--json'])).rows();
	assert.deepEqual(same.at(-1), { events: 3, same: 3, differ: 0, outcome: 0, reply: 0, requests: 0, stand_ins: 0 });
	const draft = w.writeFlow(quotes(crm, { total: '{{ [.steps.each[].body.price * 2] | add }}' }, { method: 'PUT' }), '../draft');
	const rows = (await w.do(['replay', '--compare', 'quotes', '--draft', draft, '--json'])).rows();
	const first = rows.find(row => row.event === ids[0]);
	assert.deepEqual(first.differences.map(({ what }) => what), ['request 1', 'request 2', 'reply body']);
	assert.deepEqual(JSON.parse(first.differences[2].old), { total: 21 });
	assert.deepEqual(JSON.parse(first.differences[2].new), { total: 42 });
	assert.match(first.differences[0].old, /^POST .*price/);
	assert.match(first.differences[0].new, /^PUT /);
	const people = await w.do(['replay', '--compare', 'quotes', '--draft', draft, '--limit', '2']);
	assert.match(people.out, /2 events: 1 the same, 1 differ \(outcome 0, reply 1, requests 1\)/);
	assert.ok(!(JSON.stringify(rows) + people.out).includes('planted-0451'));
	assert.equal(crm.calls.length, calls, 'nothing was sent');
	assert.equal(await everything(), before, 'nothing was stored');
});

story('versions that are kept are compared by number; a new step gets a stand-in; what is wrong is said', async () => {
	const crm = await Destination.open(() => ({ body: {} }));
	const before = quotes(crm, { total: 1 });
	assert.match((await w.cli(['replay', '--compare', 'quotes'])).err, /both are version 1.*--draft FILE/);
	await w.do(['flow', 'apply', '--draft', w.writeFlow({ ...before, steps: [call('fresh', 'GET', crm.url), ...before.steps] }, '../draft')]);
	const rows = (await w.do(['replay', '--compare', 'quotes', '--limit', '1', '--json'])).rows();
	assert.ok(rows[0].differences.some(({ what, old, new: now }) => what === 'request 1' && old === null && now.startsWith('GET ')), JSON.stringify(rows));
	assert.equal(rows[1].stand_ins, 1);
	assert.equal((await w.do(['replay', '--compare', 'quotes', '--old', '2', '--new', '1', '--limit', '1', '--json'])).rows()[1].differ, 1);
	for (const [args, code, words] of [
		[['--compare', 'quotes', '--old', '9'], 1, /no version 9/],
		[['--compare', 'nothing'], 1, /no published flow/],
		[['--compare', 'quotes', '--rate', '1/s'], 2, /takes no --rate/],
		[['1', '--old', '1'], 2, /belongs to --compare/],
	]) {
		const got = await w.cli(['replay', ...args]);
		assert.equal(got.code, code, args.join(' '));
		assert.match(got.err, words);
	}
	assert.equal(crm.calls.length, 0);
});

story('flow test --recorded answers each call with what the event got, failures too', async () => {
	let answer = { status: 503, body: { busy: true } };
	const far = await Destination.open(() => answer);
	const steps = [
		call('far', 'GET', far.url, { on_error: 'continue' }),
		call('nowhere', 'GET', 'http://127.0.0.1:1/', { on_error: 'continue' }),
		respond(200, { busy: '{{ .steps.far.body.busy }}', nowhere: '{{ .steps.nowhere.error.text }}' }),
	];
	await w.apply(flow('recorded', steps));
	const got = await w.post('/recorded', {});
	assert.equal(got.json.busy, true);
	answer = { status: 200, body: {} };
	const calls = far.calls.length;
	const again = (await w.do(['flow', 'test', 'recorded', '--event', got.headers['ringbolt-event'], '--recorded', '--json'])).rows()[0];
	assert.deepEqual(JSON.parse(again.reply.body), got.json);
	assert.equal(far.calls.length, calls);
	const alone = await w.cli(['flow', 'test', 'recorded', '--recorded']);
	assert.equal(alone.code, 2);
	assert.match(alone.err, /give --event ID/);
});

story('flow test answers calls as it is told, step by step, and says what nobody asked for', async () => {
	const far = await Destination.open(() => ({ body: { name: 'real' } }));
	const file = w.writeFlow(flow('typed', [
		call('customer', 'GET', far.url, { on_error: 'continue' }),
		{ name: 'each', type: 'for_each', items: '{{ [1, 2] }}', steps: [call('send', 'POST', far.url)] },
		call('down', 'GET', far.url, { on_error: 'continue' }),
		respond(200, { status: '{{ .steps.customer.status }}', kind: '{{ .steps.customer.headers["x-kind"] }}', sent: '{{ [.steps.each[].body.n] }}',
			why: '{{ .steps.down.error.text }}', name: '{{ .steps.down.body.name }}' }),
	]), '../typed');
	writeFileSync(join(w.dir, 'send.json'), '{"body": {"n": 1}}');
	const answers = ['--answer', 'customer={"status": 404, "headers": {"x-kind": "typed"}}', '--answer', `send=@${join(w.dir, 'send.json')}`,
		'--answer', 'send-1={"body": {"n": 2}}'];
	const test = async (...more) => {
		const got = await w.cli(['flow', 'test', file, '--json', ...answers, ...more]);
		assert.equal(got.code, 0, got.err);
		return { reply: JSON.parse(got.rows()[0].reply.body), err: got.err };
	};
	const typed = await test('--answer', 'down={"error": "no answer for 10 s"}', '--answer', 'dwon={}');
	assert.deepEqual(typed.reply, { status: 404, kind: 'typed', sent: [1, 2], why: 'no answer for 10 s', name: null });
	assert.match(typed.err, /No call asked for the answer that was given for "dwon"/);
	assert.equal(far.calls.length, 0);
	const real = await test('--call', '--allow-destinations', '127.0.0.0/8');
	assert.deepEqual([real.reply.status, real.reply.sent, real.reply.name, far.calls.length], [404, [1, 2], 'real', 1], 'the others are called');
	for (const [answer, words] of [['customer', /names no step/], ['customer=[]', /an object is wanted/], ['customer={"state": 1}', /only status/],
		['customer={"status": 99}', /from 200 to 599/], ['customer={', /answer customer: /], ['customer=@/nowhere', /nowhere/], ['customer={"headers": 1}', /must be an object/]]) {
		const got = await w.cli(['flow', 'test', file, '--answer', answer]);
		assert.notEqual(got.code, 0, answer);
		assert.match(got.err, words);
	}
});

story('published documents are exported byte for byte, drafts are not', async () => {
	const odd = JSON.stringify(flow('odd', [map('m', 'ü')])).replace('{', '{\r\n\t ') + '   ';
	writeFileSync(join(w.dir, 'odd.json'), odd);
	await w.do(['flow', 'apply', join(w.dir, 'odd.json')]);
	const dir = join(w.dir, 'exported');
	await w.do(['flow', 'export', 'odd', '--dir', dir]);
	assert.deepEqual(readdirSync(dir), ['odd.json']);
	assert.equal(readFileSync(join(dir, 'odd.json'), 'utf8'), odd);
	await w.do(['flow', 'export', '--dir', dir]);
	const names = await w.sql('SELECT name FROM flows WHERE version_id IS NOT NULL ORDER BY name');
	assert.deepEqual(readdirSync(dir).sort(), names.map(({ name }) => `${name}.json`));
	const got = await w.cli(['flow', 'export', 'odd', 'nothing', '--dir', join(w.dir, 'none')]);
	assert.equal(got.code, 1);
	assert.match(got.err, /no published flow "nothing"/);
	assert.ok(!readdirSync(w.dir).includes('none'), 'nothing is written when one is unknown');
	assert.match((await w.do(['flow', 'diff', join(dir, 'odd.json')])).err, /the same/);
});

story('flow diff and flow apply --diff show the lines that would change', async () => {
	const one = flow('lines', [map('m', 'one')]), two = flow('lines', [map('m', 'two')]);
	const first = await w.do(['flow', 'apply', '--diff', w.writeFlow(one)]);
	assert.match(first.err, /^--- lines, nothing published\n\+\+\+ .*lines.json\n@@ 1, 1 @@\n\+\{/);
	const file = w.writeFlow(two);
	const lines = (await w.do(['flow', 'diff', file])).out.split('\n');
	assert.deepEqual(lines.filter(line => /^[-+]/.test(line)).map(line => line.replace(/\s+/g, ' ')), ['- "value": "one"', '+ "value": "two"']);
	const applied = await w.do(['flow', 'apply', '--diff', file]);
	assert.match(applied.err, /--- lines, version 1\n/);
	assert.match(applied.out, /lines: version 2, new, published/);
	assert.equal((await w.do(['flow', 'apply', '--diff', file])).err, '');
	assert.match((await w.do(['flow', 'diff', 'lines', '--version', '1'])).out, /-.*"one"\n\+.*"two"/);
	assert.match((await w.do(['flow', 'diff', 'lines'])).err, /the same/);
	for (const [args, words] of [[['nothing'], /no published flow/], [['lines', '--version', '9'], /no version 9/], [[w.flows], /one document/]]) {
		const got = await w.cli(['flow', 'diff', ...args]);
		assert.ok(got.code === 1 || got.code === 3, args.join(' '));
		assert.match(got.err, words);
	}
});

story('samples are kept with their flow, listed, tried and removed', async () => {
	await w.apply(flow('kept', [respond(200, { id: '{{ .body.id }}', topic: '{{ .headers["x-topic"] }}', q: '{{ .query.q }}' })]));
	const got = await w.send('POST', '/in/kept?q=1', { body: '{"id":7}', headers: { 'Content-Type': 'application/json', 'X-Topic': 'create' } });
	await w.do(['flow', 'sample', 'add', 'kept', 'seven', '--event', got.headers['ringbolt-event']]);
	await w.do(['flow', 'sample', 'add', 'kept', 'eight', '--body', '-', '--header', 'X-Topic:made'], { input: '{"id":8}' });
	const rows = (await w.do(['flow', 'sample', 'list', 'kept', '--json'])).rows();
	assert.deepEqual(rows.map(({ name, query, body_bytes }) => [name, query, body_bytes]), [['eight', '', 8], ['seven', 'q=1', 8]]);
	const reply = async name => JSON.parse((await w.do(['flow', 'test', 'kept', '--sample', name, '--json'])).rows()[0].reply.body);
	assert.deepEqual(await reply('seven'), { id: 7, topic: 'create', q: '1' });
	assert.deepEqual(await reply('eight'), { id: 8, topic: 'made', q: null });
	await w.do(['flow', 'sample', 'add', 'kept', 'eight', '--body', '-'], { input: '{"id":9}' });
	assert.equal((await reply('eight')).id, 9, 'one of the same name is replaced');
	await w.do(['flow', 'sample', 'remove', 'kept', 'eight']);
	for (const [args, code, words] of [
		[['flow', 'test', 'kept', '--sample', 'eight'], 1, /no sample "eight"/],
		[['flow', 'sample', 'remove', 'kept', 'eight'], 1, /no sample "eight"/],
		[['flow', 'sample', 'list', 'nothing'], 1, /no flow "nothing"/],
		[['flow', 'sample', 'add', 'kept', 'No Good'], 2, /small letters/],
		[['flow', 'sample', 'add', 'kept', 'x', '--event', '999999'], 1, /no event/],
		[['flow', 'sample', 'take', 'kept'], 2, /say add FLOW NAME/],
	]) {
		const refused = await w.cli(args);
		assert.equal(refused.code, code, `${args.join(' ')}: ${refused.err}`);
		assert.match(refused.err, words);
	}
});

story('flow learn prints what a real event teaches, without what is secret or every request has', async () => {
	await w.do(['secret', 'set', 'shop'], { input: 'planted-0452' });
	const webhook = { authentication: { type: 'api_key', in: 'header', name: 'X-Shop', secret: 'shop' } };
	await w.apply(flow('taught', [respond(200, 'ok')], webhook));
	const got = await w.send('POST', '/in/taught?page=2&tag=a&tag=b', { body: '{"id": 12345678901234567890, "lines": [{"sku": "A"}]}', headers: {
		'Content-Type': 'application/json', 'X-Topic': 'create', 'X-Shop': 'planted-0452', 'X-Forwarded-For': '10.0.0.1', 'X-Hub-Signature': 'abc' } });
	assert.equal(got.status, 200, got.text);
	const { out } = await w.do(['flow', 'learn', 'taught', '--event', got.headers['ringbolt-event']]);
	assert.match(out, /12345678901234567890/);
	const expected = JSON.parse(out);
	assert.deepEqual(expected.headers, { 'content-type': 'application/json', 'x-topic': 'create', 'X-Shop': '[redacted]' }, 'the name of the key, as the webhook asks for it');
	assert.deepEqual(expected.query, { page: '2', tag: ['a', 'b'] });
	assert.deepEqual(expected.body.lines, [{ sku: 'A' }]);
	await w.apply(flow('taught', [respond(200, 'ok')], { ...webhook, expected }));
	assert.match((await w.cli(['flow', 'learn', 'kept', '--event', got.headers['ringbolt-event']])).err, /flow "taught", not of "kept"/);
	assert.equal((await w.cli(['flow', 'learn', 'taught'])).code, 2);
});
