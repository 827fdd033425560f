// SPDX-License-Identifier: MIT
//
// slow: five hundred callers who send their heads byte by byte and five hundred who do so with
// their bodies, all at once, and one who is in a hurry.

import assert from 'node:assert/strict';
import { flow, map } from './flows.mjs';
import { Dial, send } from './http.mjs';
import { story } from './story.mjs';
import { SLOW, World, few, waitFor } from './world.mjs';

const EACH = few(500);

story('a thousand slow callers hold up neither a quick one nor the console', { skip: SLOW > 4 && 'too many threads for valgrind' }, async () => {
	const w = await World.open({ serve: ['--threads', `${2 * EACH + 100}`, '--body-deadline', '30s'], flows: [flow('open', [map('m', 1)])] });
	const starts = [
		'POST /in/open HTTP/1.1\r\nHost: x\r\nX-Slow: ',
		'POST /in/open HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n',
	];
	const slow = await Promise.all(starts.flatMap(start => Array.from({ length: EACH }, async () => {
		const d = await Dial.open(w.port);
		d.socket.on('error', () => {});
		await d.write(start);
		return d;
	})));
	const drip = setInterval(() => { for (const d of slow) if (d.socket.writable) d.socket.write('x'); }, 500);
	try {
		const took = [];
		const until = Date.now() + 5000;
		while (Date.now() < until) {
			const got = await send(w.port, 'POST', '/in/open', { body: '{}', agent: false, within: 5000 });
			assert.equal(got.status, 202, got.text);
			took.push(got.ms);
			assert.ok(took.length % 20 || await w.healthy(), 'the console is reachable');
		}
		assert.ok(took.length >= few(50), `${took.length} requests in 5 s`);
		took.sort((a, b) => a - b);
		const p99 = took[Math.floor(took.length * 0.99)];
		assert.ok(p99 < 200 * SLOW, `p99 is ${p99} ms of ${took.length}`);
		assert.ok(slow.every(d => !d.closed || d.ms > 4000), 'all the while they were there');
		assert.equal(await w.one('SELECT count(*) FROM event_history'), took.length);
	} finally {
		clearInterval(drip);
		for (const d of slow) d.end();
	}
	await waitFor('the slow ones to be forgotten', async () => (await send(w.port, 'POST', '/in/open', { body: '{}', agent: false })).status === 202);
	await w.close();
});
