// SPDX-License-Identifier: MIT
//
// api: who may ask what at the console, and what the answers hold.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { failWith, flow, map } from './flows.mjs';
import { send } from './http.mjs';
import { story } from './story.mjs';
import { ROOT, World, run, waitFor } from './world.mjs';

const RIGHTS = ['events:read', 'events:replay', 'flows:read', 'flows:write', 'secrets:write', 'admin'];
const once = { retry: { attempts: 1 } };
const failing = flow('bad', [failWith('it is not so')], once);
const fine = flow('good', [map('same', '{{ .body }}')], once);
const w = await World.open({ flows: [failing, fine], secrets: { token: 'hunter22' } });
const keys = {};
const ask = (key, method, path, body, headers = {}) => send(w.console, method, `/api/v1${path}`, {
	headers: { ...(key ? { Authorization: `Bearer ${key}` } : {}), ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
	body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
});
/** as asks with the key of one right, and expects the status. */
const as = async (right, method, path, body, status = 200) => {
	const got = await ask(keys[right], method, path, body);
	assert.equal(got.status, status, `${method} ${path}: ${got.text}`);
	return got.text ? got.json : null;
};
const addKey = async (name, rights, ...more) => (await w.do(['key', 'add', name, '--rights', rights, ...more])).out.trim();
const HOSTILE = '<script>alert(1)</script>\'"\u202e\u0007';

story('a key is shown once, and only its digest is kept', async () => {
	for (const right of RIGHTS) keys[right] = await addKey(right.replace(':', '-'), right);
	assert.match(keys.admin, /^rbk_\d+_[\w-]{43}$/);
	assert.equal((await w.cli(['key', 'add', 'admin', '--rights', 'admin'])).code !== 0, true);
	assert.match((await w.cli(['key', 'add', 'x', '--rights', 'event:read'])).err, /did you mean "events:read"/);
	const kept = JSON.stringify([await w.sql('SELECT * FROM api_keys'), await w.sql('SELECT * FROM audit')]);
	for (const right of RIGHTS) assert.ok(!kept.includes(keys[right].split('_').slice(2).join('_')));
	assert.equal((await w.do(['key', 'list', '--json'])).rows().length, RIGHTS.length);
});

story('every route opens to its right alone', async () => {
	const { paths } = JSON.parse((await run(process.env.RINGBOLT ?? join(ROOT, 'build/ringbolt'), ['schema', 'api'])).out);
	let n = 0;
	for (const [pattern, operations] of Object.entries(paths)) {
		for (const [method, operation] of Object.entries(operations)) {
			const [needed] = operation.security[0].key;
			const path = pattern.replace('/api/v1', '').replace('{id}', '999999').replace('{name}', 'nobody');
			assert.ok(RIGHTS.includes(needed), `${method} ${pattern}`);
			assert.equal((await ask(null, method.toUpperCase(), path)).status, 401, `${method} ${pattern}`);
			for (const right of RIGHTS) {
				const got = await ask(keys[right], method.toUpperCase(), path);
				if (right === needed) assert.ok(![401, 403].includes(got.status), `${method} ${pattern} ${right}: ${got.text}`);
				else assert.equal(got.status, 403, `${method} ${pattern} ${right}`);
			}
			n++;
		}
	}
	assert.ok(n >= 24, `${n} routes`);
});

story('what is nearly a key is none, and an expired or removed one is none any more', async () => {
	const key = keys['events:read'];
	for (const wrong of [key.slice(0, -1), `${key}x`, key.replace(/.$/, c => c === 'A' ? 'B' : 'A'), key.replace(/_\d+_/, '_99_'), key.replace('rbk', 'rbx'), 'rbk_', '']) {
		const got = await ask(wrong || ' ', 'GET', '/events');
		assert.equal(got.status, 401, wrong);
		assert.equal(got.headers['www-authenticate'], 'Bearer');
	}
	assert.equal((await send(w.console, 'GET', `/api/v1/events?key=${key}`)).status, 401);
	const brief = await addKey('brief', 'events:read', '--expires', '300ms');
	await waitFor('the key to expire', async () => (await ask(brief, 'GET', '/events')).status === 401);
	const gone = await addKey('gone', 'events:read');
	assert.equal((await ask(gone, 'GET', '/events')).status, 200);
	await w.do(['key', 'remove', 'gone']);
	assert.equal((await ask(gone, 'GET', '/events')).status, 401);
});

story('every answer of the console has its headers, and problems are problems', async () => {
	for (const [path, status] of [['/healthz', 200], ['/nothing', 404], ['/api/v1/events', 401], ['/api/v1/nothing', 404]]) {
		const got = await send(w.console, 'GET', path);
		assert.equal(got.status, status);
		assert.match(got.headers['content-security-policy'], /^default-src 'none'; script-src 'self'.*trusted-types 'none'$/);
		assert.equal(got.headers['x-content-type-options'], 'nosniff');
		assert.equal(got.headers['referrer-policy'], 'no-referrer');
		assert.equal(got.headers['cross-origin-opener-policy'], 'same-origin');
		assert.equal(got.headers['cross-origin-resource-policy'], 'same-origin');
		assert.equal(got.headers['cache-control'], path === '/nothing' ? undefined : 'no-store');
		if (path.startsWith('/api')) assert.equal(got.headers['content-type'], 'application/problem+json');
	}
	const put = await ask(keys.admin, 'PUT', '/replays', {});
	assert.deepEqual([put.status, put.headers.allow], [405, 'GET, HEAD, POST']);
});

story('a stranger\'s name and a page of another site get nothing', async () => {
	const from = (method, path, headers) => ask(keys['flows:write'], method, path, undefined, headers).then(got => got.status);
	assert.equal(await from('GET', '/flows', { Host: 'evil.example' }), 403);
	assert.equal(await from('POST', '/flows/good/pause', { Host: 'evil.example:8081' }), 403);
	assert.equal(await from('POST', '/flows/good/pause', { 'Sec-Fetch-Site': 'cross-site' }), 403);
	assert.equal(await from('POST', '/flows/good/pause', { 'Sec-Fetch-Site': 'same-site' }), 403);
	assert.equal(await from('POST', '/flows/good/pause', { Origin: 'http://127.0.0.1:1' }), 403);
	assert.equal(await from('POST', '/flows/good/pause', { Origin: 'null' }), 403);
	assert.equal(await w.one("SELECT paused FROM flows WHERE name = 'good'"), 0);
	const here = `localhost:${w.console}`;
	assert.equal(await from('POST', '/flows/good/resume', { Host: here, Origin: `http://${here}`, 'Sec-Fetch-Site': 'same-origin' }), 200);
});

story('events come in pages, whole, and never as markup', async () => {
	for (let i = 0; i < 5; i++) assert.equal((await w.post(i % 2 ? '/good' : '/bad', { i, HOSTILE }, { 'X-Odd': HOSTILE.slice(0, 26) })).status, 202);
	await w.ended();
	const seen = [];
	for (let after = ''; after !== null;) {
		const page = await as('events:read', 'GET', `/events?limit=2${after && `&after=${after}`}`);
		assert.equal(page.more, page.next !== null);
		seen.push(...page.items.map(item => item.id));
		after = page.next;
	}
	assert.deepEqual(seen, [5, 4, 3, 2, 1]);
	const failed = await as('events:read', 'GET', '/events?flow=bad&state=failed&error=not%20so');
	assert.deepEqual(failed.items.map(item => item.id), [5, 3, 1]);
	const event = await as('events:read', 'GET', '/events/5');
	assert.equal(JSON.parse(event.request.body_text).HOSTILE, HOSTILE);
	assert.equal(event.runs.length, 1);
	const raw = await ask(keys['events:read'], 'GET', '/events/5/body');
	assert.equal(raw.text, JSON.stringify({ i: 4, HOSTILE }));
	assert.equal(raw.headers['content-type'], 'application/octet-stream');
	assert.match(raw.headers['content-disposition'], /^attachment; /);
	assert.equal(raw.headers['content-security-policy'], "sandbox; default-src 'none'");
	assert.equal((await as('events:read', 'GET', '/events/77', undefined, 404)).detail, 'there is no event 77');
	await as('events:read', 'GET', '/events/7x', undefined, 400);
});

story('the curl of an event sends the same request again', async () => {
	const { curl } = await as('events:read', 'GET', '/events/4/curl');
	const got = await run('sh', ['-c', `${curl} -s`]);
	assert.equal(got.code, 0, got.err);
	const { event: id } = JSON.parse(got.out);
	const [a, b] = [await as('events:read', 'GET', '/events/4'), await as('events:read', 'GET', `/events/${id ?? 6}`)];
	assert.equal(b.request.body_text, a.request.body_text);
	assert.deepEqual(b.request.headers.find(h => h[0] === 'X-Odd'), a.request.headers.find(h => h[0] === 'X-Odd'));
});

story('what is not understood is refused whole', async () => {
	const before = await w.one('SELECT count(*) FROM replays');
	for (const path of ['/events?stat=failed', '/events?state=broken', '/events?limit=0', '/events?limit=201', '/events?limit=1&limit=2',
		'/events?since=soon', '/events?since=1h&until=2h', '/events?after=-1', '/overview?minutes=1e9']) {
		await as('events:read', 'GET', path, undefined, 400);
	}
	for (const body of [{}, { ids: [] }, { ids: [1.5] }, { ids: ['1'] }, { filter: {} }, { filter: { stat: 'failed' } }, { filter: { state: 1 } },
		{ ids: [1], filter: { state: 'failed' } }, { ids: [1], version: 'newest' }, { ids: [1], dry_run: 'yes' }, { ids: [1], per_second: 0 },
		{ ids: [1], other: 1 }, [], '{"ids":[1],"ids":[2]}', '{']) {
		await as('events:replay', 'POST', '/replays', body, 400);
	}
	const plain = await ask(keys['events:replay'], 'POST', '/replays', '{"ids":[1]}', { 'Content-Type': 'text/plain' });
	assert.equal(plain.status, 415);
	assert.equal((await ask(keys['events:replay'], 'POST', '/replays', `{"reason":"${'x'.repeat(1 << 20)}"}`)).status, 413);
	assert.equal(await w.one('SELECT count(*) FROM replays'), before);
});

story('an operator plans a replay, runs it, and sees how it went', async () => {
	const plan = await as('events:replay', 'POST', '/replays', { filter: { state: 'failed' }, dry_run: true });
	assert.deepEqual([plan.matched, plan.eligible, plan.queued, plan.replay], [3, 3, 0, null]);
	const done = await as('events:replay', 'POST', '/replays', { ids: [1, 3], reason: HOSTILE });
	assert.equal(done.queued, 2);
	await w.ended();
	const seen = await as('events:read', 'GET', `/replays/${done.replay}`);
	assert.deepEqual([seen.state, seen.failed, seen.reason], ['ended', 2, HOSTILE]);
	assert.equal((await as('events:read', 'GET', '/replays')).items.length, 1);
	await as('events:read', 'GET', '/replays/99', undefined, 404);
});

story('a paused flow holds its events, which can be cancelled; a replay can be taken back', async () => {
	await as('flows:write', 'POST', '/flows/good/pause');
	const { replay } = await as('events:replay', 'POST', '/replays', { ids: [2, 4], per_second: 1 });
	await w.post('/good', { held: 1 });
	assert.equal((await as('flows:read', 'GET', '/flows/good')).paused, true);
	await as('events:replay', 'POST', `/replays/${replay}/cancel`);
	assert.equal((await as('events:read', 'GET', `/replays/${replay}`)).state, 'cancelled');
	await as('events:replay', 'POST', `/replays/${replay}/cancel`, undefined, 409);
	assert.equal((await as('events:replay', 'POST', '/events/cancel', { filter: { state: 'held' } })).cancelled, 1);
	assert.equal((await as('flows:write', 'POST', '/flows/good/resume', { per_second: 5 })).paused, false);
	await as('flows:write', 'POST', '/flows/nobody/pause', undefined, 404);
});

story('an event is pinned and unpinned', async () => {
	assert.equal((await as('events:replay', 'POST', '/events/1/pin', { reason: 'odd' })).pinned, true);
	assert.equal(await w.one('SELECT reason FROM pinned_events WHERE id = 1'), 'odd');
	assert.equal((await as('events:replay', 'DELETE', '/events/1/pin')).pinned, false);
	assert.equal(await w.one('SELECT count(*) FROM pinned_events'), 0);
	await as('events:replay', 'POST', '/events/999/pin', undefined, 404);
});

story('flows are seen with their webhooks, and a version is published', async () => {
	const { items } = await as('flows:read', 'GET', '/flows');
	assert.deepEqual(items.map(row => row.name), ['bad', 'good']);
	assert.equal(items[1].webhook.public_url, `http://127.0.0.1:${w.port}/in/good`);
	await w.apply({ ...fine, title: 'Better' });
	await as('flows:write', 'POST', '/flows/good/publish', { version: 1 });
	assert.equal((await as('flows:read', 'GET', '/flows/good')).version, 1);
	assert.equal((await as('flows:read', 'GET', '/flows/good?version=2')).document.title, 'Better');
	await as('flows:write', 'POST', '/flows/good/publish', { version: 9 }, 404);
	await as('flows:write', 'POST', '/flows/good/publish', {}, 400);
});

story('refusals, counts, systems and names of secrets are seen', async () => {
	for (let i = 0; i < 3; i++) assert.equal((await w.post(`/no${i}`, {})).status, 404);
	const first = await as('events:read', 'GET', '/rejections?limit=2&status=404');
	const second = await as('events:read', 'GET', `/rejections?limit=2&status=404&after=${first.next}`);
	assert.deepEqual([...first.items, ...second.items].slice(0, 3).map(row => row.path), ['/in/no2', '/in/no1', '/in/no0']);
	const overview = await as('events:read', 'GET', '/overview?minutes=10');
	assert.equal(overview.arrivals.reduce((n, row) => n + (row.accepted ?? 0), 0), await w.one('SELECT count(*) FROM events'));
	assert.ok(overview.disk.database_bytes > 0);
	const bars = await as('events:read', 'GET', '/counts?since=1h&flow=bad');
	assert.equal(bars.items.reduce((n, row) => n + (row.accepted ?? 0), 0), 3);
	assert.ok((await as('flows:read', 'GET', '/systems')).items.some(system => system.name === 'github'));
	assert.equal((await as('flows:read', 'GET', '/systems/github')).document.title, 'GitHub');
	assert.match((await as('flows:read', 'GET', '/systems/githib', undefined, 404)).detail, /did you mean "github"/);
	const secrets = await ask(keys['flows:read'], 'GET', '/secrets');
	assert.deepEqual(secrets.json.items.map(row => row.name), ['token']);
	assert.ok(!secrets.text.includes('hunter22'));
});

story('each change stands in the record, with who made it', async () => {
	const { items } = await as('admin', 'GET', '/audit?limit=200');
	const of = what => items.filter(row => row.what === what);
	assert.equal(of('POST /api/v1/flows/{name}/publish')[0].who, 'key flows-write');
	assert.ok(of('POST /api/v1/replays').some(row => JSON.parse(row.details).reason === HOSTILE));
	assert.deepEqual(of('key remove').map(row => row.target), ['gone']);
	assert.ok(items.every(row => !row.what.startsWith('GET')));
	assert.equal((await as('admin', 'GET', '/keys')).items.length, RIGHTS.length + 1);
	assert.equal(items.length, await w.one('SELECT count(*) FROM audit'));
});

story('docs/api.md and docs/openapi.json are what the program draws', async () => {
	const program = process.env.RINGBOLT ?? join(ROOT, 'build/ringbolt');
	assert.equal(readFileSync(join(ROOT, 'docs/openapi.json'), 'utf8'), (await run(program, ['schema', 'api'])).out);
	const tables = (await run(program, ['schema', 'api', '--markdown'])).out;
	assert.ok(readFileSync(join(ROOT, 'docs/api.md'), 'utf8').endsWith(tables), 'draw the tables again: ringbolt schema api --markdown');
});
