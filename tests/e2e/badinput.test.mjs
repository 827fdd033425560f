// SPDX-License-Identifier: MIT
//
// badinput: cut and dripping bodies, deep, large and wrong ones (broken framing: framing.test.mjs). Each gets one
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
const head = (...lines) => ['POST /in/open HTTP/1.1', 'Host: x', ...lines, '', ''].join('\r\n');
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
