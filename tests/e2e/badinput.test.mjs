// SPDX-License-Identifier: MIT
//
// badinput: broken framing, cut and dripping bodies, deep, large and wrong ones. Each gets one
// answer that says so; nothing is half stored; the next caller is served as if nothing had been.

import assert from 'node:assert/strict';
import { afterEach, before } from 'node:test';
import { flow, map, seen } from './flows.mjs';
import { Dial } from './http.mjs';
import { story } from './story.mjs';
import { SLOW, World, few, waitFor } from './world.mjs';

const MIB = 1024 * 1024;
let w;
before(async () => {
	w = await World.open({
		serve: ['--body-deadline', `${1500 * SLOW}ms`],
		flows: [
			flow('open', [map('kept', { kind: '{{ .event.body_kind }}', bytes: '{{ .event.body_bytes }}' })]),
			flow('seen', [seen]),
			flow('deep', [map('kind', { kind: '{{ .event.body_kind }}', error: '{{ .event.body_error }}', type: '{{ .body | type }}' })]),
		],
	});
});
const count = () => w.one('SELECT count(*) FROM event_history');
afterEach(async () => {
	assert.equal((await w.post('/open', {})).status, 202, 'the next caller is served');
});

/** exchange writes the bytes as they are and waits until the server has closed. */
async function exchange(bytes, within = 4000) {
	const d = await Dial.open(w.port);
	await d.write(Buffer.from(bytes, 'latin1'));
	await waitFor(`the connection to be closed after ${JSON.stringify(bytes.slice(0, 80))}; got ${d.text}`, () => d.closed, within);
	return d;
}
const SMUGGLED = 'POST /in/open HTTP/1.1\r\nHost: evil\r\nContent-Length: 8\r\n\r\nsmuggled';
const head = (...lines) => ['POST /in/open HTTP/1.1', 'Host: x', ...lines, '', ''].join('\r\n');
const many = Array.from({ length: 70 }, (_, i) => `X-H${i}: ${i}`);

// Each is followed by a second request: exactly one answer, and it must be a refusal.
const FRAMING = {
	'Content-Length beside Transfer-Encoding': head('Content-Length: 4', 'Transfer-Encoding: chunked') + '0\r\n\r\n',
	'Transfer-Encoding beside Content-Length': head('Transfer-Encoding: chunked', 'Content-Length: 4') + '0\r\n\r\n',
	'two Content-Lengths': head('Content-Length: 2', 'Content-Length: 40') + '{}',
	'two equal Content-Lengths': head('Content-Length: 2', 'Content-Length: 2') + '{}',
	'a list of Content-Lengths': head('Content-Length: 2, 2') + '{}',
	'a Content-Length with a tail': head('Content-Length: 2abc') + '{}',
	'a Content-Length with a plus': head('Content-Length: +2') + '{}',
	'a negative Content-Length': head('Content-Length: -1') + '{}',
	'a hexadecimal Content-Length': head('Content-Length: 0x2') + '{}',
	'an empty Content-Length': head('Content-Length:') + '{}',
	'a Content-Length beyond 64 bits': head('Content-Length: 18446744073709551618') + '{}',
	'Transfer-Encoding identity': head('Transfer-Encoding: identity', 'Content-Length: 2') + '{}',
	'Transfer-Encoding identity, then chunked': head('Transfer-Encoding: identity', 'Transfer-Encoding: chunked') + '0\r\n\r\n',
	'Transfer-Encoding chunked twice': head('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked') + '0\r\n\r\n',
	'Transfer-Encoding gzip, chunked': head('Transfer-Encoding: gzip, chunked') + '0\r\n\r\n',
	'Transfer-Encoding xchunked': head('Transfer-Encoding: xchunked') + '0\r\n\r\n',
	'seventy headers': head(...many, 'Content-Length: 2') + '{}',
	'a Transfer-Encoding as the seventieth header': head(...many.slice(0, 68), 'Transfer-Encoding: chunked') + '0\r\n\r\n',
	'a folded header': head('X-A: 1', ' folded', 'Content-Length: 2') + '{}',
	'a folded Content-Length': head('Content-Length: 2', '\t0') + '{}',
	'a space before the colon': head('Content-Length : 2') + '{}',
	'a space before the colon of Transfer-Encoding': head('Content-Length: 2', 'Transfer-Encoding : chunked') + '{}',
	'a line without a colon': head('Nonsense', 'Content-Length: 2') + '{}',
	'a bare line feed in the headers': 'POST /in/open HTTP/1.1\r\nHost: x\nContent-Length: 2\r\n\r\n{}',
	'bare line feeds alone': 'POST /in/open HTTP/1.1\nHost: x\nContent-Length: 2\n\n{}',
	'a bare carriage return in a value': head('X-A: 1\rContent-Length: 9', 'Content-Length: 2') + '{}',
	'a NUL in the path': head('Content-Length: 2').replace('/in/open', '/in/open\0') + '{}',
	'a NUL in a header': head('X-A: a\0b', 'Content-Length: 2') + '{}',
	'a control character in the path': head('Content-Length: 2').replace('/in/open', '/in/op\x01en') + '{}',
	'a raw byte beyond ASCII in the path': head('Content-Length: 2').replace('/in/open', '/in/\xfcber') + '{}',
	'an absolute URL': head('Content-Length: 2').replace('/in/open', 'http://elsewhere.example/in/open') + '{}',
	'a chunk size that is no number': head('Transfer-Encoding: chunked') + 'zz\r\n{}\r\n0\r\n\r\n',
	'a chunk size with a sign': head('Transfer-Encoding: chunked') + '+2\r\n{}\r\n0\r\n\r\n',
	'a negative chunk size': head('Transfer-Encoding: chunked') + '-2\r\n{}\r\n0\r\n\r\n',
	'a chunk size with 0x': head('Transfer-Encoding: chunked') + '0x2\r\n{}\r\n0\r\n\r\n',
	'a chunk size beyond 64 bits': head('Transfer-Encoding: chunked') + '10000000000000002\r\n{}\r\n0\r\n\r\n',
	'a chunk that is longer than it says': head('Transfer-Encoding: chunked') + '2\r\n{}{}\r\n0\r\n\r\n',
	'a chunk without its line end': head('Transfer-Encoding: chunked') + '2\r\n{}0\r\n\r\n',
	'an empty chunk size': head('Transfer-Encoding: chunked') + '\r\n{}\r\n0\r\n\r\n',
	'HTTP/0.9': 'POST /in/open\r\n\r\n',
	'HTTP/2.0 in words': head('Content-Length: 2').replace('HTTP/1.1', 'HTTP/2.0') + '{}',
	'no request at all': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n',
	'a method of no standard': head('Content-Length: 2').replace('POST', 'PO ST') + '{}',
};

for (const [what, bytes] of Object.entries(FRAMING)) {
	story(`${what}: one refusal, the connection closed, no second request seen`, async () => {
		const events = await count();
		const d = await exchange(bytes + SMUGGLED);
		assert.ok(d.statuses.length <= 1, `one answer, not ${d.statuses}`);
		for (const status of d.statuses) assert.ok(status >= 400 && status < 500 || status === 501 || status === 505, `${status}`);
		assert.ok(d.statuses.length === 1 || /no request|HTTP\/0/.test(what), 'a refusal is said');
		assert.equal(await count(), events, 'nothing was stored');
	});
}

story('a path that is no suffix of ours is refused, whatever it is spelt like', async () => {
	const events = await count();
	for (const path of ['/in/open%00', '/in/open%', '/in/open%zz', '/in/../in/open', '/in//open', '/in/./open', '/in/open\\x', '/in/%2e%2e/in/open',
		'/in/open;x', '//in/open', '*']) {
		const d = await exchange(head('Content-Length: 2', 'Connection: close').replace('/in/open', path) + '{}');
		assert.ok(d.statuses.length === 1 && [400, 404].includes(d.statuses[0]), `${path}: ${d.statuses}`);
	}
	assert.equal(await count(), events);
});

story('a second request in one packet is a request of its own when the first is well framed', async () => {
	const d = await Dial.open(w.port);
	await d.write(head('Content-Length: 2') + '{}' + head('Content-Length: 2', 'Connection: close') + '{}');
	await waitFor('both answers', () => d.closed);
	assert.deepEqual(d.statuses, [202, 202]);
});

story('huge headers are refused and the server lives on', async () => {
	for (const bytes of [head(`X-Big: ${'a'.repeat(100000)}`, 'Content-Length: 2') + '{}',
		head('Content-Length: 2').replace('/in/open', `/in/open?${'a'.repeat(100000)}`) + '{}']) {
		const events = await count();
		const d = await Dial.open(w.port);
		d.socket.on('error', () => {}); // it may close while we still write
		await d.write(bytes);
		await waitFor('the connection to be closed', () => d.closed);
		for (const status of d.statuses) assert.ok([400, 413, 414, 431].includes(status), `${status}`);
		assert.equal(await count(), events);
	}
});

story('a caller who stops in the middle of the body leaves nothing behind', async () => {
	const events = await count();
	for (const bytes of [head('Content-Length: 1000') + '{"half":', head('Transfer-Encoding: chunked') + '5\r\n{"hal', head('Transfer-Encoding: chunked') + '2\r\n{}\r\n']) {
		for (let i = 0; i < few(5); i++) {
			const d = await Dial.open(w.port);
			await d.write(bytes);
			if (i % 2) d.socket.end(); // half closed: the answer could still be read
			else d.end();
			await waitFor('it to be closed', () => d.closed, 5000);
			assert.ok(!d.statuses.some(status => status < 400), `${d.statuses}`);
		}
	}
	await w.post('/seen', {});
	assert.equal(await count(), events + 1, 'only the whole one was stored');
});

story('a body that drips is cut off at the body deadline', async () => {
	const events = await count();
	const d = await Dial.open(w.port);
	d.socket.on('error', () => {});
	await d.write(head('Content-Length: 100000'));
	const drip = setInterval(() => d.socket.writable && d.socket.write('x'), 50);
	try {
		await waitFor('the deadline', () => d.closed, 5000);
	} finally {
		clearInterval(drip);
	}
	assert.ok(d.ms >= 1000 && d.ms < (1500 + 1500) * SLOW, `closed after ${d.ms} ms, the deadline is ${1500 * SLOW} ms`);
	assert.ok(d.statuses.length === 0 || d.statuses[0] === 408 || d.statuses[0] === 400, `${d.statuses}`);
	assert.equal(await count(), events);
});

story('a body that never begins is cut off as well, while others are served', async () => {
	const idle = await Promise.all(Array.from({ length: 20 }, async () => {
		const d = await Dial.open(w.port);
		await d.write(head('Content-Length: 10'));
		return d;
	}));
	const got = await w.post('/open', {});
	assert.equal(got.status, 202);
	assert.ok(got.ms < 1000 * SLOW, `served after ${got.ms} ms`);
	await waitFor('all of them to be closed', () => idle.every(d => d.closed), 5000);
});

story('an array a million deep is kept as it came; the flow sees its text and why it is no JSON', async () => {
	const body = '['.repeat(1000000) + ']'.repeat(1000000);
	const front = w.children('front')[0].pid, workers = w.children('worker').map(p => p.pid).sort();
	const got = await w.post('/deep', body);
	assert.equal(got.status, 202);
	const event = await w.ended(got.json.event);
	assert.equal(event.state, 'succeeded', event.error);
	const output = JSON.parse(await w.one(`SELECT output FROM step_history WHERE event = ${got.json.event}`));
	assert.equal(output.type, 'string');
	assert.match(output.error, /deep|nest|level/i);
	assert.equal(await w.one(`SELECT body_bytes FROM event_requests WHERE id = ${got.json.event}`), 2000000);
	assert.equal(w.children('front')[0].pid, front, 'the front has not died of it');
	assert.deepEqual(w.children('worker').map(p => p.pid).sort(), workers, 'nor has a worker');
});

story('a body that is not JSON where JSON was said: .body is its text, .event.body_error says why', async () => {
	for (const body of ['{"a": 1,}', '{"a"', '{"a": 01}', "{'a': 1}", '{"a": "\\x"}', '{} {}', 'NaN', '[1 2]']) {
		const got = await w.post('/seen', body);
		assert.equal(got.status, 200, body);
		assert.equal(got.json.body, body);
		assert.ok(got.json.event.body_error?.length > 5, `${body}: ${got.json.event.body_error}`);
		assert.equal(got.json.event.body_kind, 'text');
	}
	const good = await w.post('/seen', ' {"a" : 1.50 } ');
	assert.equal(good.json.event.body_error ?? null, null);
	assert.equal(good.json.event.body_kind, 'json');
	assert.match(good.text, /1\.50/, 'a number keeps its digits');
});

story('empty and binary bodies are what they are', async () => {
	const empty = (await w.send('POST', '/in/seen')).json;
	assert.deepEqual([empty.body, empty.event.body_kind, empty.event.body_bytes], [null, 'empty', 0]);
	const binary = (await w.send('POST', '/in/seen', { body: Buffer.from([0, 255, 1]), headers: { 'Content-Type': 'image/png' } })).json;
	assert.deepEqual([binary.body, binary.event.body_kind, binary.event.body_bytes], [null, 'binary', 3]);
	const lying = (await w.send('POST', '/in/seen', { body: Buffer.from([0x22, 0xff, 0x22]), headers: { 'Content-Type': 'application/json' } })).json;
	assert.ok(lying.event.body_error, 'JSON that is no UTF-8 says so');
});

story('ten MiB go in, one byte more does not', async () => {
	const fits = await w.post('/open', Buffer.alloc(10 * MIB, 'a'));
	assert.equal(fits.status, 202);
	assert.equal(await w.one(`SELECT body_bytes FROM event_requests WHERE id = ${fits.json.event}`), 10 * MIB);
	assert.equal((await w.ended(fits.json.event)).state, 'succeeded');
	const d = await Dial.open(w.port);
	await d.write(head(`Content-Length: ${10 * MIB + 1}`));
	await waitFor('the refusal', () => d.closed, 3000);
	assert.deepEqual(d.statuses, [413]);
});
