// SPDX-License-Identifier: MIT
//
// framing: the cases of tests/framing, each with a whole second request behind it. One answer of
// the status that docs/replies.md names, the end of the connection, and nobody sees the second.
// (The few that are 202 are whole bodies whose trailers nobody reads.)

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { before } from 'node:test';
import { flow, map } from './flows.mjs';
import { Dial } from './http.mjs';
import { story } from './story.mjs';
import { ROOT, SLOW, World, inFlight, waitFor } from './world.mjs';

const SMUGGLED = 'POST /in/smuggled HTTP/1.1\r\nHost: evil\r\nContent-Length: 8\r\nConnection: close\r\n\r\nsmuggled';
const NAMED = { r: '\r', n: '\n', t: '\t', 0: '\0', '\\': '\\' };

/** bytesOf reads a case's lines as tests/framing/README.md has them. */
function bytesOf(lines) {
	const text = lines.map(line => {
		if (line === '@head') return 'POST /in/open HTTP/1.1\\r\\nHost: x\\r\\n';
		if (line === '@end') return '\\r\\n';
		const [, times, what] = /^@repeat (\d+) (.*)$/.exec(line) ?? [];
		return what ? Array.from({ length: +times }, (_, i) => what.replaceAll('%', i)).join('') : line;
	}).join('').replace(/@fill (\d+)/g, (_, n) => 'a'.repeat(+n));
	return Buffer.from(text.replace(/\\(?:x([0-9a-f]{2})|([rnt0\\]))/g,
		(_, hex, name) => hex ? String.fromCharCode(parseInt(hex, 16)) : NAMED[name]), 'latin1');
}

function casesOf(file) {
	return readFileSync(file, 'utf8').split(/^=== /m).slice(1).map(text => {
		const [what, status, ...lines] = text.split('\n').filter(line => line !== '');
		return { what, status: status.replace('status ', ''), bytes: bytesOf(lines) };
	});
}
const folder = join(ROOT, 'tests/framing');
const cases = readdirSync(folder).filter(name => name.endsWith('.case')).flatMap(name => casesOf(join(folder, name)));

let w;
before(async () => {
	w = await World.open({ serve: ['--body-deadline', `${1500 * SLOW}ms`], flows: [flow('open', [map('m', 1)]), flow('smuggled', [map('m', 1)])] });
});

/** exchange writes the parts one after the other and waits until the server has closed. */
async function exchange(what, parts) {
	const d = await Dial.open(w.port);
	d.socket.on('error', () => {}); // it may close while we still write
	for (const part of parts) await d.write(part);
	await waitFor(`the connection to be closed after ${what}`, () => d.closed).catch(error => { d.waited = error.message; });
	return d;
}
const count = flow => w.one(`SELECT count(*) FROM event_history WHERE flow = '${flow}'`);
const taken = cases.filter(one => one.status === '202').length;
let known = 0; // events of "open"

/** wrongWith says what is wrong with an exchange; "" when it went as the case says. */
function wrongWith({ what, status }, d) {
	if (d.waited) return d.waited;
	if (/smuggled/.test(d.text)) return `${what}: the second request was answered: ${d.text}`;
	if (status === 'none') {
		return d.statuses.every(got => got >= 400) && d.statuses.length <= 1 ? '' : `${what}: ${d.statuses}`;
	}
	if (d.statuses.join() !== status) return `${what}: ${d.statuses.join() || 'no answer'}, not ${status}: ${d.text.split('\r\n\r\n')[1] ?? ''}`;
	return status === '202' || /^connection: close\r$/im.test(d.text) ? '' : `${what}: the answer does not say that the connection ends`;
}

for (const parts of [['whole', bytes => [bytes]], ['cut in two', bytes => [bytes.subarray(0, bytes.length >> 1), bytes.subarray(bytes.length >> 1)]],
	['cut before the second request', bytes => [bytes.subarray(0, bytes.length - SMUGGLED.length), bytes.subarray(-SMUGGLED.length)]]]) {
	story(`${cases.length} ways of broken framing, each ${parts[0]}: one refusal, the connection closed, no second request seen`, async () => {
		assert.ok(cases.length - taken >= 60);
		const wrong = (await inFlight(16, cases, async one =>
			wrongWith(one, await exchange(one.what, parts[1](Buffer.concat([one.bytes, Buffer.from(SMUGGLED)])))))).filter(Boolean);
		assert.deepEqual(wrong, []);
		assert.equal(await count('smuggled'), 0, 'the second was never seen');
		assert.equal(await count('open'), known += taken, 'and of the refused nothing was stored');
	});
}

story('after all of it a well framed request is served, and so is what follows it', async () => {
	const d = await exchange('two good ones', [Buffer.from(`POST /in/open HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}${SMUGGLED}`)]);
	assert.deepEqual(d.statuses, [202, 202]);
	assert.equal(await count('smuggled'), 1, 'so the second request would have been seen');
});
