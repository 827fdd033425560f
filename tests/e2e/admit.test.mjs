// SPDX-License-Identifier: MIT
//
// admit: from where a webhook may be called: addresses, proxies, browsers; and who is let in
// although he cannot prove who he is.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { before } from 'node:test';
import { flow, map, respond, seen } from './flows.mjs';
import { Dial, headersOf, send } from './http.mjs';
import { story } from './story.mjs';
import { World, inFlight, waitFor } from './world.mjs';

const keep = [map('kept', { ok: true })];
const SHOP = 'https://shop.example.com';
const key = { type: 'api_key', in: 'header', name: 'X-API-Key', secret: 'key' };
const lenient = (name, authentication, webhook) => flow(name, keep, { authentication: { ...authentication, enforce: false }, ...webhook });

let w;
before(async () => {
	w = await World.open({
		secrets: { key: 'k-4711', sign: 's1' },
		serve: ['--trusted-proxies', '127.0.0.1,10.0.0.0/8', '--base-url', 'https://hooks.example.com'],
		flows: [
			flow('open', [seen]),
			flow('office', [seen], { allow_ips: ['192.0.2.0/28', '2001:db8:1::/48'], authentication: key }),
			flow('each', keep, { rate_limit: { per_address: { per_second: 0.01, burst: 3 } }, authentication: key }),
			flow('both', keep, { rate_limit: { per_second: 0.01, burst: 4, per_address: { per_second: 0.01, burst: 3 } } }),
			flow('shop', [respond(201, { ok: true }, { headers: { 'Access-Control-Allow-Origin': 'https://evil.example.com', Vary: 'Accept' } })],
				{ url_suffix: '/shop', methods: ['POST', 'PUT'], authentication: key, max_body_bytes: 100,
					cors: { origins: [SHOP, 'http://localhost:3000'], credentials: true, expose: ['Ringbolt-Event', 'Retry-After'] } }),
			flow('shop-delete', keep, { url_suffix: '/shop', methods: ['DELETE'], cors: { origins: SHOP, headers: ['X-Reason'], max_age_s: 5 } }),
			flow('shop-get', keep, { url_suffix: '/shop', methods: ['GET'] }),
			flow('every', keep, { cors: { origins: '*' }, allow_ips: ['127.0.0.1', '192.0.2.7'], rate_limit: { per_second: 0.01, burst: 2 } }),
			flow('options', [respond(200, 'the flow')], { methods: ['POST', 'OPTIONS'], cors: { origins: [SHOP] } }),
			lenient('let-key', key, { expected: { headers: { 'X-Topic': 'a' }, mismatch: 'warn' } }),
			lenient('let-query', { type: 'api_key', in: 'query', name: 'api_key', secret: 'key' }),
			lenient('let-sign', { type: 'hmac', header: 'X-Sign', secret: 'sign' }),
			lenient('let-basic', { type: 'basic', user: 'shop', secret: 'unset' }),
			lenient('let-jwt', { type: 'jwt', algorithms: ['HS256'], secret: 'key' }),
			lenient('let-system', { type: 'system', secret: 'sign' }, { system: 'github' }),
			flow('greeted', keep, { system: 'slack', allow_ips: '192.0.2.7', authentication: { type: 'system', secret: 'sign' } }),
			lenient('let-bearer', { type: 'bearer', secret: 'key' }, { dedupe: true, expected: { mismatch: 'reject' } }),
		],
	});
});
/** from is a request by way of the proxy, which says where it came from. */
const from = (address, more = {}) => ({ 'X-Forwarded-For': address, ...more });
const refusals = where => w.sql(`SELECT * FROM rejected_requests WHERE ${where} ORDER BY id DESC`);
const preflight = (path, origin, method, more = {}) => w.send('OPTIONS', `/in${path}`, {
	headers: { Origin: origin, 'Access-Control-Request-Method': method, ...more } });

story('what a trusted proxy says of the caller is what the event, the flow and a refusal keep', async () => {
	const got = await w.post('/open', { a: 1 }, from('1.2.3.4, 192.0.2.7, 10.0.0.3', {
		'X-Forwarded-Proto': 'gopher', 'X-Forwarded-Host': 'evil.example.com', Forwarded: 'for=5.6.7.8;host=evil.example.com' }));
	assert.equal(got.json.event.remote, '192.0.2.7');
	const kept = (await w.sql(`SELECT remote, headers FROM event_requests WHERE id = ${got.headers['ringbolt-event']}`))[0];
	assert.equal(kept.remote, '192.0.2.7');
	assert.match(kept.headers, /"1\.2\.3\.4, 192\.0\.2\.7, 10\.0\.0\.3"/, 'the header stays what it was');
	assert.equal((await w.post('/nothing', {}, from('2001:DB8:0::9'))).status, 404);
	assert.equal((await refusals('status = 404'))[0].remote, '2001:db8::9');
	assert.equal((await w.post('/open', {})).json.event.remote, '127.0.0.1');
	assert.equal((await w.post('/open', {}, { Forwarded: 'for=5.6.7.8', 'X-Real-IP': '5.6.7.8' })).json.event.remote, '127.0.0.1');
	// The public URL is the operator's word, never the caller's.
	const stored = await w.post('/both', {}, from('192.0.2.99', { 'X-Forwarded-Proto': 'gopher', 'X-Forwarded-Host': 'evil.example.com', Host: 'evil.example.com' }));
	assert.match(stored.json.status_url, /^https:\/\/hooks\.example\.com\/status\//);
});

story('without a trusted proxy, or behind a strange one, the peer is the caller', async () => {
	const at = async (serve, headers) => {
		const other = await World.open({ flows: [flow('open', [seen])], serve });
		const { remote } = (await other.post('/open', {}, headers)).json.event;
		await other.close();
		return remote;
	};
	const both = { 'X-Forwarded-For': '192.0.2.7', Forwarded: 'for=192.0.2.8' };
	assert.equal(await at([], both), '127.0.0.1');
	assert.equal(await at(['--trusted-proxies', '10.0.0.0/8'], both), '127.0.0.1');
	assert.equal(await at(['--trusted-proxies', '127.0.0.0/8', '--forwarded-header', 'forwarded'], both), '192.0.2.8');
});

story('an address that is not in allow_ips is refused before credentials and body', async () => {
	const good = { 'X-API-Key': 'k-4711' };
	assert.equal((await w.post('/office', {}, from('192.0.2.15', good))).status, 200);
	assert.equal((await w.post('/office', {}, from('2001:db8:1:2::3', good))).status, 200);
	assert.equal((await w.post('/office', {}, from('::ffff:192.0.2.1', good))).status, 200);
	for (const address of ['192.0.2.16', '2001:db8:2::1', '::ffff:192.0.3.1']) {
		const refused = await w.post('/office', {}, from(address, good));
		assert.equal(refused.status, 403, address);
		assert.deepEqual(refused.json, { error: 'this address may not call this webhook' });
	}
	// What the caller writes himself, and an address that cannot be read, get nobody in.
	assert.equal((await w.post('/office', {}, from('192.0.2.1, 198.51.100.1', good))).status, 403);
	assert.equal((await w.post('/office', {}, from('192.0.2.1, unknown', good))).status, 403);
	assert.equal((await w.post('/office', {}, good)).status, 403);
	assert.equal((await w.post('/office', {}, from('192.0.2.16', { 'X-API-Key': 'wrong' }))).status, 403, 'not 401: the address first');
	const row = (await refusals(`flow = 'office' AND remote = '192.0.2.16'`))[0];
	assert.equal(row.status, 403);
	assert.equal(row.cause, "the address 192.0.2.16 is not in the webhook's allow_ips");

	// A greeting of the system is no way around it.
	const greeting = { type: 'url_verification', challenge: 'x' };
	assert.equal((await w.post('/greeted', greeting, from('192.0.2.8'))).status, 403);
	assert.notEqual((await w.post('/greeted', greeting, from('192.0.2.7'))).status, 403);

	const d = await Dial.open(w.port);
	await d.write('POST /in/office HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\nExpect: 100-continue\r\nX-API-Key: k-4711\r\n\r\n');
	await waitFor('the refusal', () => d.closed);
	assert.deepEqual(d.statuses, [403], 'nothing of the body is asked for');
});

story('each address has a rate of its own, asked before authentication', async () => {
	const call = (address, value) => w.post('/each', {}, from(address, { 'X-API-Key': value }));
	const statuses = async (address, value, n) => (await inFlight(4, Array.from({ length: n }), () => call(address, value))).map(got => got.status);
	const count = (list, status) => list.filter(one => one === status).length;

	const guesses = await statuses('198.51.100.1', 'guess', 20);
	assert.equal(count(guesses, 401), 3, 'who guesses keys is slowed down');
	assert.equal(count(guesses, 429), 17);
	assert.equal(count(await statuses('198.51.100.2', 'k-4711', 5), 202), 3);
	const refused = await call('198.51.100.2', 'k-4711');
	assert.equal(refused.status, 429);
	assert.ok(+refused.headers['retry-after'] > 50 && +refused.headers['retry-after'] <= 100, refused.headers['retry-after']);
	assert.match(refused.json.error, /from this address/);
	// Of IPv6 a /64 is one caller.
	assert.equal(count(await statuses('2001:db8:9:1::1', 'k-4711', 2), 202), 2);
	assert.equal(count(await statuses('2001:db8:9:1:ffff::2', 'k-4711', 3), 202), 1);
	assert.equal(count(await statuses('2001:db8:9:2::1', 'k-4711', 3), 202), 3);
	// Beside the rate of the webhook itself, whichever is used up first.
	const mixed = async address => (await w.post('/both', {}, from(address))).status;
	assert.deepEqual([await mixed('203.0.113.1'), await mixed('203.0.113.1'), await mixed('203.0.113.1')], [202, 202, 202]);
	assert.equal(await mixed('203.0.113.1'), 429);
	assert.equal(await mixed('203.0.113.2'), 429, 'the webhook has taken four: this one of another test, too');
	const counted = name => w.one(`SELECT sum(count) FROM daily_counts WHERE flow = '${name}' AND outcome = 'rejected'`);
	await waitFor('all refusals to be counted', async () => await counted('each') === 3 + 17 + 2 + 1 + 2 && await counted('both') === 2);
	assert.match((await refusals(`flow = 'each' AND status = 429`)).at(-1).cause, /rate limit of 0.01 a second, burst 3 of each address/);
});

story('a preflight is answered from the real methods of the suffix, and is no event', async () => {
	const events = () => w.one('SELECT count(*) FROM events');
	const n = await events();
	const got = await preflight('/shop', SHOP, 'PUT', { 'Access-Control-Request-Headers': 'content-type,x-api-key' });
	assert.equal(got.status, 204);
	assert.equal(got.text, '');
	assert.equal(got.headers['access-control-allow-origin'], SHOP);
	assert.equal(got.headers['access-control-allow-methods'], 'POST, DELETE, PUT', 'of both flows that have cors');
	assert.equal(got.headers['access-control-allow-headers'], 'Content-Type, X-API-Key');
	assert.equal(got.headers['access-control-allow-credentials'], 'true');
	assert.equal(got.headers['access-control-max-age'], '600');
	assert.equal(got.headers.vary, 'Access-Control-Request-Method, Access-Control-Request-Headers, Origin');

	// The flow that takes the method answers.
	const other = await preflight('/shop', SHOP, 'DELETE');
	assert.equal(other.headers['access-control-allow-headers'], 'X-Reason');
	assert.equal(other.headers['access-control-max-age'], '5');
	assert.equal(other.headers['access-control-allow-credentials'], undefined);
	assert.equal((await preflight('/shop', 'http://localhost:3000', 'PUT')).headers['access-control-allow-methods'], 'POST, PUT',
		'not of the flow that does not know this origin');
	// A method nobody takes: the browser is told which there are.
	const patch = await preflight('/shop', SHOP, 'PATCH');
	assert.equal(patch.status, 204);
	assert.equal(patch.headers['access-control-allow-methods'], 'POST, DELETE, PUT');
	// Of the flow without cors no page learns anything.
	assert.equal((await preflight('/shop', SHOP, 'GET')).status, 405);

	const strange = await preflight('/shop', 'https://evil.example.com', 'PUT');
	assert.equal(strange.status, 403);
	assert.equal(strange.headers['access-control-allow-origin'], undefined);
	assert.equal(strange.headers.vary, 'Origin');
	assert.match((await refusals(`flow = 'shop'`))[0].cause, /^a page of https:\/\/evil\.example\.com asked to call/);

	assert.equal((await preflight('/every', 'null', 'POST')).headers['access-control-allow-origin'], '*');
	assert.equal((await preflight('/every', 'null', 'POST', from('192.0.2.8'))).status, 403, 'allow_ips counts here too');
	assert.equal(await events(), n);
	await waitFor('the preflights to be counted', async () =>
		await w.one(`SELECT sum(count) FROM daily_counts WHERE outcome = 'preflight'`) === 5);
	assert.match((await send(w.console, 'GET', '/metrics')).text, /ringbolt_events_total\{flow="shop",outcome="preflight"\} [34]/);
});

story('every answer of a webhook with cors says whether the page may read it', async () => {
	const post = (headers, body = '{}') => w.send('POST', '/in/shop', { body, headers: { 'Content-Type': 'application/json', ...headers } });
	const good = { Origin: SHOP, 'X-API-Key': 'k-4711' };
	const readable = (got, status) => {
		assert.equal(got.status, status);
		assert.deepEqual(headersOf(got, 'access-control-allow-origin'), [SHOP], `${status}`);
		assert.deepEqual(headersOf(got, 'access-control-expose-headers'), ['Ringbolt-Event, Retry-After']);
		assert.deepEqual(headersOf(got, 'access-control-allow-credentials'), ['true']);
		assert.ok(headersOf(got, 'vary').includes('Origin'));
	};
	const replied = await post(good);
	readable(replied, 201);
	assert.deepEqual(headersOf(replied, 'vary'), ['Accept', 'Origin'], "the flow's own stays");
	readable(await post({ Origin: SHOP }), 401);
	readable(await post(good, 'x'.repeat(101)), 413);
	readable(await w.send('PATCH', '/in/shop', { headers: good }), 405);

	for (const origin of ['https://evil.example.com', 'null', `${SHOP}.evil.com`, 'https://SHOP.example.com']) {
		const got = await post({ ...good, Origin: origin });
		assert.equal(got.status, 201, 'it is the browser that keeps the page out');
		assert.equal(got.headers['access-control-allow-origin'], undefined, 'not even by the flow');
		assert.ok(headersOf(got, 'vary').includes('Origin'));
	}
	const none = await post({ 'X-API-Key': 'k-4711' });
	assert.equal(none.headers['access-control-allow-origin'], undefined);
	assert.ok(headersOf(none, 'vary').includes('Origin'));

	const every = () => w.send('POST', '/in/every', { body: '{}', headers: { Origin: 'https://any.example.com' } });
	for (const status of [202, 202, 429]) {
		const got = await every();
		assert.equal(got.status, status);
		assert.deepEqual(headersOf(got, 'access-control-allow-origin'), ['*']);
	}
	assert.deepEqual(headersOf(await w.send('POST', '/in/every', { body: '{}', headers: from('192.0.2.1') }), 'access-control-allow-origin'), ['*']);
});

story('an OPTIONS that asks nothing is a request like others', async () => {
	assert.equal((await w.send('OPTIONS', '/in/options')).text, 'the flow');
	assert.equal((await w.send('OPTIONS', '/in/options', { headers: { Origin: SHOP } })).text, 'the flow');
	assert.equal((await w.send('OPTIONS', '/in/options', { headers: { 'Access-Control-Request-Method': 'POST' } })).text, 'the flow');
	assert.equal((await preflight('/options', SHOP, 'POST')).status, 204);
	assert.equal((await w.send('OPTIONS', '/in/shop', { headers: { Origin: SHOP } })).status, 405);
	assert.equal((await preflight('/open', SHOP, 'POST')).status, 405, 'without cors nothing has changed');
	assert.equal((await preflight('/open', SHOP, 'POST')).headers.vary, undefined);
});

story('with enforce: false who fails is let in, and what would have refused him is on the event', async () => {
	const cases = [
		['/let-key', {}, /header X-API-Key is missing/],
		['/let-key', { 'X-API-Key': 'planted-1' }, /none of the flow's secrets/],
		['/let-query?api_key=planted-2', {}, /query parameter api_key/],
		['/let-sign', {}, /^header X-Sign is missing$/],
		['/let-sign', { 'X-Sign': '00'.repeat(32) }, /does not match/],
		['/let-basic', { Authorization: `Basic ${Buffer.from('shop:planted-3').toString('base64')}` }, /"unset" is not set/],
		['/let-jwt', {}, /Authorization is missing/],
		['/let-jwt', { Authorization: 'Bearer planted.5.x' }, /./],
		['/let-system', { 'X-Hub-Signature-256': `sha256=${'0'.repeat(64)}` }, /does not match/],
		['/let-bearer', { Authorization: 'Bearer planted-4' }, /bearer token/],
	];
	for (const [path, headers, cause] of cases) {
		const got = await w.post(path, { path, headers }, headers);
		assert.equal(got.status, 202, `${path}: ${got.text}`);
		assert.equal(got.headers['www-authenticate'], undefined);
		const kept = (await w.sql(`SELECT * FROM event_requests WHERE id = ${got.json.event}`))[0];
		assert.match(kept.unenforced, cause);
		assert.ok(!JSON.stringify([kept.query, kept.headers, kept.unenforced]).includes('planted'), 'what was sent as a secret is kept nowhere');
		assert.equal((await w.ended(got.json.event)).state, 'succeeded');
	}
	const good = await w.post('/let-sign', 'x', { 'X-Sign': createHmac('sha256', 's1').update('x').digest('hex') });
	assert.equal(await w.one(`SELECT unenforced FROM event_requests WHERE id = ${good.json.event}`), null);
	assert.equal(await w.one(`SELECT sum(count) FROM daily_counts WHERE outcome = 'unenforced'`), cases.length);
	assert.equal((await refusals(`flow LIKE 'let-%'`)).length, 0);

	// For people and for programs.
	const id = await w.one(`SELECT min(id) FROM event_requests WHERE flow = 'let-key'`);
	const shown = (await w.do(['event', 'show', `${id}`])).out;
	assert.match(shown, /warning {3}not authenticated, let in all the same: header X-API-Key is missing/);
	assert.match(shown, /warning {3}\/headers\/X-Topic: it is missing/);
	const json = JSON.parse((await w.do(['event', 'show', `${id}`, '--json'])).out);
	assert.match(json.unenforced, /missing/);
	assert.deepEqual(json.warnings, [{ pointer: '/headers/X-Topic', text: 'it is missing' }]);
	assert.equal(JSON.parse((await w.do(['event', 'show', `${good.json.event}`, '--json'])).out).unenforced, null);
});

story('event rejected lists refusals by flow, time, status and cause, and what was let in', async () => {
	const rows = async (...args) => (await w.do(['event', 'rejected', '--limit', '0', '--json', ...args])).rows();
	await w.post('/shop', {});
	await w.post('/office', {});
	const all = await rows();
	assert.ok(all.some(row => row.status === 401) && all.some(row => row.status === 403));
	assert.deepEqual(Object.keys(all[0]), ['at', 'status', 'flow', 'method', 'path', 'remote', 'body_bytes', 'cause']);
	for (const row of await rows('--status', '403', '--flow', 'office')) assert.deepEqual([row.status, row.flow], [403, 'office']);
	assert.ok((await rows('--status', '403', '--flow', 'office')).length > 0);
	assert.ok((await rows('--cause', 'is not in the webhook')).every(row => row.status === 403));
	assert.equal((await rows('--since', '2020-01-01', '--until', '2020-01-02')).length, 0);
	assert.equal((await rows('--since', '1h')).length, all.length);

	const unenforced = await rows('--unenforced', '--flow', 'let-basic');
	assert.equal(unenforced.length, 1);
	assert.equal(unenforced[0].status, 401);
	assert.equal(unenforced[0].event, await w.one(`SELECT id FROM event_requests WHERE flow = 'let-basic'`));
	assert.match(unenforced[0].cause, /is not set/);
	const people = (await w.do(['event', 'rejected', '--unenforced'])).out;
	assert.match(people, /^AT +STATUS +FLOW .*CAUSE +EVENT/);

	for (const [args, code, words] of [
		[['--flow', 'nobody'], 1, /no flow "nobody"/], [['--status', '200'], 2, /status/], [['--since', 'soon'], 2, /--since must be/],
		[['--since', '1h', '--until', '2h'], 2, /not before/], [['7'], 2, /./],
	]) {
		const got = await w.cli(['event', 'rejected', ...args]);
		assert.equal(got.code, code, `${args}: ${got.err}`);
		assert.match(got.err, words);
	}
	assert.match((await w.do(['event', 'rejected', '--cause', 'no such thing'])).err, /No refusal matches/);
});

story('an api_key fills in the expected structure by itself', async () => {
	assert.deepEqual(JSON.parse((await w.do(['flow', 'show', 'office', '--expected'])).out), { headers: { 'X-API-Key': '[redacted]' } });
	assert.deepEqual(JSON.parse((await w.do(['flow', 'show', 'let-query', '--expected'])).out), { query: { api_key: '[redacted]' } });
	assert.deepEqual(JSON.parse((await w.do(['flow', 'show', 'let-key', '--expected'])).out),
		{ headers: { 'X-Topic': 'a', 'X-API-Key': '[redacted]' } });
	assert.ok(!(await w.do(['flow', 'show', 'office'])).out.includes('X-Topic'), 'the document stays as it was written');
	assert.equal(JSON.parse((await w.do(['flow', 'show', 'let-system', '--expected'])).out).headers['X-GitHub-Event'], 'issues',
		"the system's sample, where the flow says nothing");
	const tested = (await w.do(['flow', 'test', 'office', '--json'])).out;
	assert.match(tested, /"x-api-key": ?"\[redacted\]"/);
});
