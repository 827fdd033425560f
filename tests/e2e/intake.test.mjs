// SPDX-License-Identifier: MIT
//
// intake: suffixes, methods, authentication, sizes, bytes: what is kept of a request, and who is refused.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { before } from 'node:test';
import { gzipSync } from 'node:zlib';
import { flow, map, respond, seen } from './flows.mjs';
import { Dial } from './http.mjs';
import { story } from './story.mjs';
import { World, few, waitFor } from './world.mjs';

const METHODS = ['GET', 'POST', 'DELETE', 'PATCH', 'PUT', 'HEAD', 'OPTIONS'];
const keep = [map('kept', { ok: true })];
const auth = (name, authentication) => flow(name, keep, { authentication });
const SECRETS = { key: 'k-4711', pass: 'pa:ss wörd', token: 'tok.en~1', sign: 's1', 'sign-next': 's2' };

let w;
before(async () => {
	w = await World.open({
		secrets: SECRETS,
		serve: ['--max-body-bytes', '65536'],
		flows: [
			flow('open', keep),
			flow('seen', [seen], { methods: METHODS }),
			flow('parts', [seen], { url_suffix: '/shops/{shop}/orders/{order}', methods: ['POST', 'GET'] }),
			flow('exact', [respond(200, 'exact')], { url_suffix: '/shops/all/orders/new' }),
			flow('reader', [respond(200, 'read')], { url_suffix: '/split', methods: ['GET'] }),
			flow('writer', [respond(200, 'written')], { url_suffix: '/split', methods: ['POST', 'DELETE'] }),
			flow('small', keep, { max_body_bytes: 100 }),
			auth('api-key', { type: 'api_key', in: 'header', name: 'X-API-Key', secret: 'key' }),
			auth('api-query', { type: 'api_key', in: 'query', name: 'api_key', secret: 'key' }),
			auth('basic', { type: 'basic', user: 'shop', secret: 'pass' }),
			auth('bearer', { type: 'bearer', secret: 'token' }),
			auth('hmac', { type: 'hmac', algorithm: 'sha256', header: 'X-Sign', prefix: '', encoding: 'base64', secret: ['sign', 'sign-next'] }),
			flow('dedupe', keep, { dedupe: { key: '{{ .headers["x-delivery"] }}' } }),
		],
	});
});
const request = id => w.sql(`SELECT *, hex(body_raw) AS hex FROM event_requests WHERE id = ${id}`).then(rows => rows[0]);

story('the {name} parts of a suffix are what the flow sees as .path', async () => {
	const got = await w.post('/shops/berlin-1/orders/4711', {});
	assert.deepEqual(got.json.path, { shop: 'berlin-1', order: '4711' });
	assert.deepEqual((await w.post('/shops/M%C3%BCnchen%20S/orders/a%2Fb', {})).json.path, { shop: 'München S', order: 'a/b' });
	assert.equal((await w.post('/shops/all/orders/new', {})).text, 'exact', 'a suffix without parts goes first');
	for (const path of ['/shops/x/orders', '/shops/x/orders/', '/shops//orders/1', '/shops/x/orders/1/2', '/shops/x/order/1']) {
		assert.equal((await w.post(path, {})).status, 404, path);
	}
});

story('each method a flow allows comes in, and the flow sees which it was', async () => {
	for (const method of METHODS) {
		const got = await w.send(method, '/in/seen');
		assert.equal(got.status, 200, method);
		const event = await w.event(got.headers['ringbolt-event']);
		assert.equal(event.method, method);
		if (method === 'HEAD') assert.equal(got.text, '', 'HEAD has no body');
		else assert.equal(got.json.event.method, method);
	}
});

story('one suffix may belong to two flows by method; another method is 405 with Allow', async () => {
	assert.equal((await w.send('GET', '/in/split')).text, 'read');
	assert.equal((await w.send('DELETE', '/in/split')).text, 'written');
	for (const method of ['PUT', 'PATCH', 'OPTIONS']) {
		const got = await w.send(method, '/in/split');
		assert.equal(got.status, 405);
		assert.deepEqual(got.headers.allow.split(/, */).sort(), ['DELETE', 'GET', 'POST']);
	}
	assert.deepEqual((await w.send('GET', '/in/open')).headers.allow, 'POST');
	assert.ok(await w.one("SELECT count(*) FROM rejected_requests WHERE status = 405 AND path = '/in/open'"));
});

story('an unknown suffix is 404 and listed as rejected; nothing else answers at the intake port', async () => {
	for (const path of ['/in/nobody-here', '/in/', '/in', '/', '/healthz', '/metrics', '/api/v1/flows', '/in/open/', '/in/OPEN']) {
		assert.equal((await w.send('POST', path, { body: '{}' })).status, 404, path);
	}
	const row = (await w.sql("SELECT * FROM rejected_requests WHERE path = '/in/nobody-here'"))[0];
	assert.equal(row.status, 404);
	assert.equal(row.flow, null);
	assert.equal(row.method, 'POST');
});

story('too large is 413, told by the length or found while reading chunks', async () => {
	const events = await w.one('SELECT count(*) FROM event_history');
	for (const [suffix, limit] of [['/open', 65536], ['/small', 100]]) {
		assert.equal((await w.post(suffix, 'x'.repeat(limit))).status, 202, `${limit} bytes`);
		assert.equal((await w.post(suffix, 'x'.repeat(limit + 1))).status, 413, `${limit + 1} bytes`);
		const chunked = n => w.send('POST', `/in${suffix}`, { body: 'y'.repeat(n), headers: { 'Transfer-Encoding': 'chunked' } });
		assert.equal((await chunked(limit)).status, 202, `${limit} bytes in chunks`);
		const d = await Dial.open(w.port);
		await d.write(`POST /in${suffix} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n`);
		await d.write(`${(limit + 1).toString(16)}\r\n${'z'.repeat(limit + 1)}\r\n`);
		await waitFor('413 before the end of the chunks', () => d.statuses.includes(413));
		await waitFor('the connection to be closed', () => d.closed);
	}
	assert.equal(await w.one('SELECT count(*) FROM event_history'), events + 4);
	assert.ok(await w.one('SELECT count(*) FROM rejected_requests WHERE status = 413') >= 4);
});

story('any bytes of any type are kept as they came', async () => {
	const all = Buffer.from(Array.from({ length: 1024 }, (_, i) => (i * 7) % 256));
	for (const [body, type] of [[all, 'application/octet-stream'], [Buffer.from([0]), 'text/plain'], [Buffer.from('\xff\xfe', 'latin1'), 'application/json'],
		[Buffer.from('{"a":1.10,"a":2, "b" : 820982911946154508}'), 'application/json'], [Buffer.alloc(0), 'application/json']]) {
		const got = await w.send('POST', '/in/open', { body, headers: { 'Content-Type': type } });
		assert.equal(got.status, 202);
		const row = await request(got.json.event);
		assert.equal(row.hex, body.toString('hex').toUpperCase());
		assert.equal(row.body_bytes, body.length);
	}
});

story('headers are kept in order with their repeats, the query as it was written', async () => {
	const d = await Dial.open(w.port);
	await d.write('POST /in/open?b=2&a=%31&b=%2F+x&&e HTTP/1.1\r\nHost: example.com\r\nX-B: 1\r\nx-a:  two  words \r\nX-B: 2\r\n'
		+ 'Content-Length: 2\r\nX-Empty:\r\nConnection: close\r\n\r\n{}');
	await waitFor('an answer', () => d.closed);
	assert.deepEqual(d.statuses, [202]);
	const row = await request(+/"event":\s*(\d+)/.exec(d.text)[1]);
	assert.equal(row.query, 'b=2&a=%31&b=%2F+x&&e');
	assert.equal(row.path, '/in/open');
	const names = JSON.parse(row.headers);
	assert.deepEqual(names.filter(([name]) => /^(x-|host|content)/i.test(name)), [['Host', 'example.com'], ['X-B', '1'],
		['x-a', 'two  words'], ['X-B', '2'], ['Content-Length', '2'], ['X-Empty', '']]);
});

story('a flow sees headers by lower-case name, repeats joined; a repeated query key is a list', async () => {
	const got = await w.send('POST', '/in/seen?a=1&b=%C3%A4&a=x+y', { body: 'a=1&b=2+3', headers: {
		'X-One': ['1', '2'], 'Content-Type': 'application/x-www-form-urlencoded' } });
	assert.equal(got.json.headers['x-one'], '1, 2');
	assert.deepEqual(got.json.query, { a: ['1', 'x y'], b: 'ä' });
	assert.deepEqual(got.json.body, { a: '1', b: '2 3' });
	assert.equal(got.json.event.body_kind, 'form');
	assert.equal(got.json.event.remote, '127.0.0.1');
});

story('a multipart body has one shape for the flow, and stays the bytes that came', async () => {
	await w.apply(flow('multipart', [respond(200, { body: '{{ .body }}', kind: '{{ .event.body_kind }}', error: '{{ .event.body_error }}' })]));
	const form = new FormData();
	form.append('subject', 'Zwölf "Boxkämpfer"\r\n');
	form.append('to', 'a@example.com');
	form.append('to', 'b@example.com');
	form.append('empty', '');
	form.append('attachment', new Blob([Buffer.from([0, 255, 13, 10, 45, 45])], { type: 'image/png' }), 'lo"go.png');
	const made = new Response(form);
	const type = made.headers.get('content-type'), body = Buffer.from(await made.arrayBuffer());
	const got = await w.send('POST', '/in/multipart', { body, headers: { 'Content-Type': type } });
	assert.deepEqual(got.json, {
		body: { fields: { subject: 'Zwölf "Boxkämpfer"\r\n', to: ['a@example.com', 'b@example.com'], empty: '' },
			files: [{ name: 'attachment', filename: 'lo"go.png', content_type: 'image/png', bytes: 6, base64: 'AP8NCi0t' }] },
		kind: 'multipart', error: null,
	});
	assert.equal((await request(got.headers['ringbolt-event'])).hex.toLowerCase(), body.toString('hex'));
	const broken = await w.send('POST', '/in/multipart', { body: body.subarray(0, 200), headers: { 'Content-Type': type } });
	assert.equal(broken.json.kind, 'text');
	assert.match(broken.json.error, /in the middle of a part/);
});

story('a body with Content-Encoding is left alone', async () => {
	const body = gzipSync('{"a": 1}');
	const got = await w.send('POST', '/in/open', { body, headers: { 'Content-Encoding': 'gzip', 'Content-Type': 'application/json' } });
	assert.equal(got.status, 202);
	assert.equal((await request(got.json.event)).hex, body.toString('hex').toUpperCase());
	const run = await w.ended(got.json.event);
	assert.equal(run.state, 'succeeded');
});

const b64 = text => Buffer.from(text).toString('base64');
const digest = (secret, body = '{}') => createHmac('sha256', secret).update(body).digest('base64');
const AUTH = {
	'/api-key': { good: [{ 'X-API-Key': SECRETS.key }, { 'x-api-key': SECRETS.key }],
		bad: [{}, { 'X-API-Key': '' }, { 'X-API-Key': 'k-471' }, { 'X-API-Key': 'k-47111' }, { 'X-API-Key': 'K-4711' }] },
	'/basic': { good: [{ Authorization: `Basic ${b64(`shop:${SECRETS.pass}`)}` }, { Authorization: `basic ${b64(`shop:${SECRETS.pass}`)}` }],
		bad: [{}, { Authorization: 'Basic' }, { Authorization: 'Basic !!!' }, { Authorization: `Basic ${b64('shop')}` },
			{ Authorization: `Basic ${b64('shop:')}` }, { Authorization: `Basic ${b64(`other:${SECRETS.pass}`)}` },
			{ Authorization: `Bearer ${SECRETS.pass}` }] },
	'/bearer': { good: [{ Authorization: `Bearer ${SECRETS.token}` }, { Authorization: `bearer ${SECRETS.token}` }],
		bad: [{}, { Authorization: 'Bearer' }, { Authorization: 'Bearer ' }, { Authorization: SECRETS.token },
			{ Authorization: `Bearer ${SECRETS.token}x` }, { Authorization: `Basic ${b64(SECRETS.token)}` }] },
	'/hmac': { good: [{ 'X-Sign': digest('s1') }, { 'X-Sign': digest('s2') }],
		bad: [{}, { 'X-Sign': '' }, { 'X-Sign': digest('s3') }, { 'X-Sign': digest('s1', '{ }') }, { 'X-Sign': digest('s1').slice(0, -4) },
			{ 'X-Sign': createHmac('sha256', 's1').update('{}').digest('hex') }] },
};
for (const [suffix, { good, bad }] of Object.entries(AUTH)) {
	story(`authentication ${suffix.slice(1)} lets the right ones in and answers all others the same 401`, async () => {
		for (const headers of good) assert.equal((await w.post(suffix, '{}', headers)).status, 202, JSON.stringify(headers));
		const texts = new Set();
		for (const headers of bad) {
			const got = await w.post(suffix, '{}', headers);
			assert.equal(got.status, 401, JSON.stringify(headers));
			texts.add(got.text);
		}
		assert.equal(texts.size, 1);
		const rows = await w.sql(`SELECT * FROM rejected_requests WHERE path = '/in${suffix}'`);
		assert.equal(rows.length, bad.length);
		const kept = JSON.stringify(rows) + JSON.stringify(await w.sql('SELECT * FROM event_requests'));
		for (const secret of Object.values(SECRETS)) assert.ok(!rows.some(row => row.cause.includes(secret)));
		assert.ok(!kept.includes(b64(`shop:${SECRETS.pass}`)) && !kept.includes(SECRETS.token), 'credentials do not reach the disk');
	});
}

story('an API key in the query lets in, and is not shown in the history', async () => {
	const got = await w.send('POST', `/in/api-query?a=1&api_key=${SECRETS.key}&b=%32`, { body: '{}' });
	assert.equal(got.status, 202);
	const { query } = await request(got.json.event);
	assert.ok(!query.includes(SECRETS.key), query);
	assert.ok(query.startsWith('a=1&') && query.endsWith('&b=%32'), query);
	assert.equal((await w.send('POST', '/in/api-query?api_key=wrong', { body: '{}' })).status, 401);
	assert.equal((await w.send('POST', '/in/api-query', { body: '{}', headers: { 'api_key': SECRETS.key } })).status, 401);
});

story('twenty deliveries of one key at the same time become one event', async () => {
	for (let round = 0; round < few(5); round++) {
		const answers = await Promise.all(Array.from({ length: 20 }, () =>
			w.post('/dedupe', { round }, { 'X-Delivery': `d-${round}` })));
		assert.deepEqual(new Set(answers.map(got => got.status)), new Set([202]));
		assert.equal(new Set(answers.map(got => got.json.event)).size, 1);
	}
	assert.equal(await w.one("SELECT count(*) FROM event_history WHERE flow = 'dedupe'"), few(5));
	assert.equal(await w.one("SELECT sum(count) FROM daily_counts WHERE flow = 'dedupe' AND outcome = 'duplicate'"), 19 * few(5));
	const ids = await Promise.all([1, 2].map(() => w.post('/dedupe', {})));
	assert.notEqual(ids[0].json.event, ids[1].json.event, 'without the key nothing is a duplicate');
});

story('Expect: 100-continue is answered before the body, a refusal instead of it', async () => {
	const ask = async (suffix, length) => {
		const d = await Dial.open(w.port);
		await d.write(`POST /in${suffix} HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n`);
		await waitFor('a first answer', () => d.statuses.length);
		return d;
	};
	const fine = await ask('/open', 2);
	assert.deepEqual(fine.statuses, [100]);
	await fine.write('{}');
	await waitFor('the answer', () => fine.closed);
	assert.deepEqual(fine.statuses, [100, 202]);
	for (const [suffix, length, status] of [['/open', 65537, 413], ['/api-key', 2, 401], ['/unknown', 2, 404]]) {
		const d = await ask(suffix, length);
		assert.deepEqual(d.statuses, [status], `${suffix} with ${length} bytes`);
		d.end();
	}
});

story('data of another shape is taken, noted or refused, as the webhook says', async () => {
	const expected = { headers: { 'X-Topic': 'a' }, body: { id: 1, items: [{ sku: 'A' }] } };
	await w.apply(...['ignore', 'warn', 'reject'].map(mismatch => flow(`shape-${mismatch}`, [map('m', 1)], { expected: { ...expected, mismatch } })));
	const good = ['{"id":7,"items":[{"sku":"B"}],"more":1}', { 'x-topic': 'b', 'Content-Type': 'application/json' }];
	for (const mismatch of ['ignore', 'warn', 'reject']) assert.equal((await w.post(`/shape-${mismatch}`, ...good)).status, 202, mismatch);
	const odd = '{"id":"7","items":[{}]}';
	assert.equal((await w.post('/shape-ignore', odd)).status, 202);
	const noted = await w.post('/shape-warn', odd);
	assert.equal(noted.status, 202);
	const warnings = JSON.parse(await w.one(`SELECT warnings FROM event_requests WHERE id = ${noted.json.event}`));
	assert.deepEqual(warnings.map(warning => warning.pointer), ['/headers/X-Topic', '/body/id', '/body/items/0/sku']);
	const refused = await w.post('/shape-reject', odd);
	assert.equal(refused.status, 400);
	assert.deepEqual(refused.json.faults, warnings);
	assert.equal(await w.one("SELECT count(*) FROM event_history WHERE flow = 'shape-reject'"), 1);
	assert.equal(await w.one("SELECT count(*) FROM rejected_requests WHERE flow = 'shape-reject' AND cause LIKE '%structure%'"), 1);
});
