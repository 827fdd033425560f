// SPDX-License-Identifier: MIT
//
// json: the cases of tests/json as bodies. What is JSON is the value a flow sees; what is not is
// kept as it came, with the reason beside it; and no process ends over any of them.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { flow, seen } from './flows.mjs';
import { story } from './story.mjs';
import { ROOT, SLOW, World, inFlight } from './world.mjs';

const cases = readFileSync(join(ROOT, 'tests/json/rfc8259.case'), 'utf8').split('\n').filter(line => line && line[0] !== '#')
	.filter((_, i) => i % SLOW === 0).map(line => {
		const at = line.indexOf(' ');
		const bytes = line.slice(at + 1).replace(/%\*(\d+):(.)|%([0-9a-f]{2})/g,
			(_, times, byte, hex) => hex ? String.fromCharCode(parseInt(hex, 16)) : byte.repeat(+times));
		return { line: line.slice(0, 80), word: line.slice(0, at), bytes: Buffer.from(bytes, 'latin1') };
	});

/** wrongWith says what is wrong with what the flow saw of a case; "" when nothing is. */
function wrongWith({ line, word, bytes }, got) {
	if (got.status !== 200) return `${line}: ${got.status} ${got.text}`;
	const { body, event } = got.json;
	const kind = word === 'mark' ? 'json' : word;
	if (event.body_kind !== kind) return `${line}: is ${event.body_kind}, not ${kind}`;
	if (event.body_bytes !== bytes.length) return `${line}: ${event.body_bytes} bytes`;
	if (kind === 'json' ? event.body_error : !(event.body_error?.length > 5)) return `${line}: body_error ${event.body_error}`;
	const text = bytes.toString('utf8');
	const wanted = kind === 'json' ? JSON.parse(text.replace(/^\ufeff/, '')) : kind === 'text' ? text : null;
	try {
		assert.deepEqual(body, wanted);
		return '';
	} catch {
		return `${line}: .body is ${JSON.stringify(body).slice(0, 200)}`;
	}
}

story('odd JSON is read, or kept as it came with the reason; never is a process lost', async () => {
	const w = await World.open({ flows: [flow('seen', [seen])] });
	const children = () => w.children().map(p => p.pid).sort().join();
	const before = children();
	const wrong = (await inFlight(8, cases, async one => wrongWith(one, await w.post('/seen', one.bytes)))).filter(Boolean);
	assert.deepEqual(wrong, []);
	assert.equal(children(), before, 'the same processes as before');
	await w.close();
});
