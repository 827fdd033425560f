// SPDX-License-Identifier: MIT
//
// processes: what happens when a role dies, hangs, is told to end, or finds itself doubled.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { afterEach } from 'node:test';
import { call, flow, map, respond } from './flows.mjs';
import { Destination } from './http.mjs';
import { story } from './story.mjs';
import { SLOW, World, alive, few, freePort, inFlight, kill, waitFor } from './world.mjs';

const LOCKED = 4;
let w;
afterEach(async () => { await w?.close(); w = null; });
const pids = role => w.children(role).map(child => child.pid).sort();

story('the roles are front, workers and janitor, named so, children of the supervisor', async () => {
	w = await World.open({ workers: '3:3' });
	await waitFor('all of them', () => w.children('worker').length === 3 && w.children('janitor').length === 1);
	assert.equal(w.children('front').length, 1);
	assert.equal(readFileSync(`/proc/${w.server.pid}/comm`, 'utf8').trim(), 'rb-super');
	for (const { pid } of w.children('worker')) {
		const open = readdirSync(`/proc/${pid}/fd`).length;
		assert.ok(open < 40, `a worker holds ${open} files open`);
	}
});

story('each role that dies is replaced', async () => {
	w = await World.open({ flows: [flow('open', [map('m', 1)])] });
	for (const role of ['front', 'worker', 'janitor']) {
		const [{ pid }] = await waitFor(role, () => w.children(role).length && w.children(role));
		const before = w.children(role).length;
		kill(pid, 'SIGKILL');
		await waitFor(`another ${role}`, () => !pids(role).includes(pid) && w.children(role).length === before, 3000);
	}
	await waitFor('the server to be well', () => w.healthy());
	const { event } = (await w.post('/open', {})).json;
	assert.equal((await w.ended(event)).state, 'succeeded');
});

story('an event that takes its worker along costs attempts of that event only, and ends failed with a sentence', async () => {
	const far = await Destination.open(({ text }) => (JSON.parse(text).poison ? null : { body: {} }));
	w = await World.open({ workers: '1:1', serve: ['--crash-max', '3'],
		flows: [flow('mixed', [call('far', 'POST', far.url, { body: { poison: '{{ .body.poison }}' } })])] });
	const { event } = (await w.post('/mixed', { poison: true })).json;
	const others = await inFlight(4, Array.from({ length: 20 }), () => w.post('/mixed', { poison: false }).then(got => got.json.event));
	for (let n = 1; n <= 3; n++) {
		await waitFor(`attempt ${n}`, () => far.calls.filter(made => JSON.parse(made.text).poison).length === n);
		const [pid] = pids('worker');
		kill(pid, 'SIGABRT');
		await waitFor('the worker to be gone', () => !alive(pid));
	}
	await w.ended();
	const ended = await w.event(event);
	assert.deepEqual([ended.state, ended.attempts], ['failed', 3]);
	assert.match(ended.error, /worker/);
	assert.match(ended.error, /signal|abort|killed|died/i);
	const runs = await w.sql(`SELECT outcome, error, trigger FROM run_history WHERE event = ${event} ORDER BY run`);
	assert.deepEqual(runs.map(run => run.outcome), ['crashed', 'crashed', 'crashed']);
	assert.deepEqual(runs.map(run => run.trigger), ['arrival', 'crash', 'crash']);
	for (const id of others) {
		const other = await w.event(id);
		assert.deepEqual([other.state, other.attempts], ['succeeded', 1], `event ${id}`);
	}
});

story('a flow that eats all memory ends failed, and the others do not notice', { skip: SLOW > 1 && 'no memory limits under a sanitizer' }, async () => {
	w = await World.open({ workers: '2:2', serve: ['--worker-memory-mb', '128', '--crash-max', '2', '--run-limit', '20s'],
		flows: [flow('bomb', [map('m', '{{ if .body.bomb then [range(1e9)] | length else 1 end }}')], { retry: { attempts: 1 } })] });
	const { event } = (await w.post('/bomb', { bomb: true })).json;
	const others = await inFlight(4, Array.from({ length: 50 }), () => w.post('/bomb', {}).then(got => got.json.event));
	for (const id of others) assert.deepEqual((await w.ended(id, 20000)).attempts, 1);
	const ended = await w.ended(event, 30000);
	assert.equal(ended.state, 'failed');
	assert.ok(ended.error.length > 10, ended.error);
	assert.equal(await w.one("SELECT count(*) FROM event_history WHERE state = 'succeeded'"), 50);
	assert.ok(await w.healthy());
});

story('a run over its time limit is ended and has failed with that reason, within the limit and a second', async () => {
	w = await World.open({ workers: '2:2', serve: ['--run-limit', '30s'], flows: [
		flow('loop', [map('m', '{{ reduce range(1e15) as $i (0; . + 1) }}')], { run_limit_ms: 700, retry: { attempts: 1 } }),
		flow('wait', [map('m', '{{ reduce range(1e15) as $i (0; . + 1) }}'), respond(200, 'x')], { run_limit_ms: 700, deadline_ms: 20000 }),
		flow('open', [map('m', 1)]),
	] });
	const { event } = (await w.post('/loop', {})).json;
	for (let i = 0; i < 5; i++) assert.equal((await w.ended((await w.post('/open', {})).json.event, 2000)).attempts, 1);
	const ended = await w.ended(event);
	assert.equal(ended.state, 'failed');
	assert.match(ended.error, /limit|longer|time/i);
	assert.match(ended.error, /7\d\d ms/, 'and after how long');
	const [run] = await w.sql(`SELECT * FROM run_history WHERE event = ${event}`);
	assert.equal(run.outcome, 'timed out');
	assert.ok(run.duration_ms >= 600 && run.duration_ms < 700 + 1000 * SLOW, `it took ${run.duration_ms} ms`);
	const waited = await w.post('/wait', {});
	assert.equal(waited.status, 500);
	assert.ok(waited.ms < 700 + 1500 * SLOW, `answered after ${waited.ms} ms`);
});

story('what a dead worker had claimed is taken up again at once', async () => {
	const far = await Destination.open((made, n) => (n === 1 ? null : { body: {} }));
	w = await World.open({ workers: '1:1', flows: [flow('far', [call('far', 'POST', far.url, { body: { n: '{{ .body.n }}' } })])] });
	const first = (await w.post('/far', { n: 1 })).json.event;
	await waitFor('the call', () => far.calls.length === 1);
	kill(pids('worker')[0], 'SIGKILL');
	const killed = Date.now();
	await waitFor('the next call', () => far.calls.length === 2, 3000);
	assert.ok(far.calls[1].at - killed < 1000 * SLOW, `${far.calls[1].at - killed} ms later`);
	const ended = await w.ended(first);
	assert.deepEqual([ended.state, ended.attempts], ['succeeded', 2]);
	assert.equal(far.calls[0].headers['idempotency-key'], far.calls[1].headers['idempotency-key']);
});

story('a supervisor that is killed takes its children along within a second', async () => {
	const far = await Destination.open(() => null);
	w = await World.open({ flows: [flow('far', [call('far', 'POST', far.url, { body: {} })])] });
	await w.post('/far', {});
	await waitFor('a run in progress', () => far.calls.length === 1);
	const family = pids();
	assert.ok(family.length >= 4, `${family}`);
	kill(w.server.pid, 'SIGKILL');
	await w.server.ended;
	await waitFor(`${family} to be gone`, () => !family.some(alive), 1000);
	w.server = null;
	far.answer = () => ({ body: {} });
	await w.start();
	await w.ended();
	const [row] = await w.sql('SELECT * FROM event_history');
	assert.deepEqual([row.state, row.attempts], ['succeeded', 2]);
});

story('SIGTERM lets what has begun end, answers 503 to the new, and exits 0', async () => {
	const far = await Destination.open(() => ({ body: { ok: 1 }, after_ms: 1000 }));
	w = await World.open({ serve: ['--drain', `${5000 * SLOW}ms`], flows: [
		flow('slow', [call('far', 'POST', far.url, { body: {} }), respond(200, { far: '{{ .steps.far.body.ok }}' })]), flow('open', [map('m', 1)])] });
	const waiting = w.post('/slow', {});
	await waitFor('the run to have begun', () => far.calls.length === 1);
	const started = Date.now(), { server } = w;
	kill(server.pid, 'SIGTERM');
	const refused = await waitFor('new requests to be refused', async () => {
		const got = await w.post('/open', {});
		assert.ok(got.status === 202 || got.status === 503, `${got.status}`);
		return got.status === 503 && got;
	}, 900);
	assert.ok(+refused.headers['retry-after'] > 0);
	assert.deepEqual([(await waiting).status, (await waiting).json], [200, { far: 1 }]);
	const { code } = await server.ended;
	assert.equal(code, 0);
	assert.ok(Date.now() - started < 5000 * SLOW, `it took ${Date.now() - started} ms`);
	w.server = null;
	assert.deepEqual(await w.sql("SELECT state FROM event_history WHERE state = 'running'"), []);
});

story('SIGTERM ends in bounded time even when a run does not', async () => {
	const far = await Destination.open(() => null);
	w = await World.open({ serve: ['--drain', '1s'], flows: [flow('slow', [call('far', 'POST', far.url, { body: {}, timeout_ms: 60000 })])] });
	const { event } = (await w.post('/slow', {})).json;
	await waitFor('the run to have begun', () => far.calls.length === 1);
	const started = Date.now(), family = pids();
	await w.stop();
	assert.ok(Date.now() - started < 3000 * SLOW, `it took ${Date.now() - started} ms`);
	assert.ok(!family.some(alive), 'nobody is left');
	far.answer = () => ({ body: {} });
	await w.start();
	assert.equal((await w.ended(event)).state, 'succeeded', 'the run is taken up by the next server');
});

story('a second server on one directory refuses to start, and says why', async () => {
	w = await World.open({ flows: [flow('open', [map('m', 1)])] });
	const log = w.log().length, ports = [w.port, w.console];
	[w.port, w.console] = [await freePort(), await freePort()];
	const second = await w.launch();
	assert.equal((await second.ended).code, LOCKED);
	[w.port, w.console] = ports;
	const said = w.log().slice(log);
	assert.ok(said.includes(w.data), said);
	assert.match(said, /another|already/i);
	assert.equal((await w.post('/open', {})).status, 202, 'the first one serves on');
});

story('a port that is taken is said by number', async () => {
	w = await World.open();
	const other = await World.open({ start: false });
	try {
		[other.port, other.console] = [w.port, await freePort()];
		const server = await other.launch();
		const { code } = await Promise.race([server.ended, waitFor('the end', () => null, 8000).catch(() => {
			kill(server.pid, 'SIGTERM');
			return { code: 'it did not end' };
		})]);
		assert.ok(code > 0, `${code}`);
		assert.match(other.log(), new RegExp(`${w.port}`));
	} finally {
		await other.close();
	}
});

story('a server with nothing to do uses next to no processor time', { skip: SLOW > 1 && 'not under a sanitizer' }, async () => {
	w = await World.open({ workers: '4:4', flows: [flow('open', [map('m', 1)])] });
	await inFlight(8, Array.from({ length: few(200) }), () => w.post('/open', {}));
	await w.ended();
	const used = () => [w.server.pid, ...pids()].reduce((sum, pid) => sum + readdirSync(`/proc/${pid}/task`).reduce((all, task) =>
		all + +readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0], 0), 0) / 1e6;
	const idle = async () => {
		const before = used(), started = performance.now();
		await new Promise(done => setTimeout(done, 3000)); // a measurement, not a wait
		return (used() - before) / (performance.now() - started);
	};
	const share = Math.min(await idle(), await idle());
	assert.ok(share < 0.02, `${(share * 100).toFixed(2)} % of a core`);
});
