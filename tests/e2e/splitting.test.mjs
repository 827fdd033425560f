// SPDX-License-Identifier: MIT
//
// splitting: a flow puts a stranger's words into the headers of its reply. None of them ends a line,
// begins a header or a second answer, or becomes a name that is none.

import assert from 'node:assert/strict';
import { before } from 'node:test';
import { flow, respond } from './flows.mjs';
import { Dial } from './http.mjs';
import { story } from './story.mjs';
import { World, waitFor } from './world.mjs';

let w;
before(async () => {
	w = await World.open({ flows: [
		flow('value', [respond(200, 'whole', { headers: { 'X-Told': '{{ .body.v }}', 'X-Own': 'mine' } })]),
		flow('piece', [respond(200, 'whole', { headers: { 'X-Told': 'before {{ .body.v }} behind' } })]),
		flow('list', [respond(200, 'whole', { headers: { 'X-Told': ['first', '{{ .body.v }}'] } })]),
		flow('all', [respond(200, 'whole', { headers: '{{ .body.headers }}' })]),
		flow('type', [respond(200, 'whole', { headers: { 'Content-Type': '{{ .body.v }}' } })]),
		flow('query', [respond(200, 'whole', { headers: { Location: '{{ .query.to }}' } })]),
	] });
});

/** raw sends one request and gives all that came back until the end of the connection. */
async function raw(path, body) {
	const bytes = Buffer.from(body);
	const d = await Dial.open(w.port);
	await d.write(Buffer.concat([Buffer.from(`POST /in${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n`
		+ `Content-Length: ${bytes.length}\r\nConnection: close\r\n\r\n`), bytes]));
	await waitFor('the answer', () => d.closed);
	return d;
}

/** whole: one answer, every line of its head well formed, none of them the stranger's. */
function whole(what, d) {
	const [head, ...rest] = d.text.split('\r\n\r\n');
	assert.equal(d.statuses.length, 1, `${what}: ${d.text}`);
	assert.equal(rest.length, 1, `${what}: ${d.text}`);
	for (const line of head.split('\r\n').slice(1)) {
		assert.match(line, /^[!#$%&'*+.^_`|~0-9A-Za-z-]+: [^\0-\x08\x0a-\x1f\x7f]*$/, `${what}: ${JSON.stringify(line)}`);
		assert.doesNotMatch(line, /^(x-evil|set-cookie|transfer-encoding)/i, what);
	}
	assert.equal(head.match(/^content-length: (\d+)\r?$/gim).length, 1, what);
	assert.equal(+/^content-length: (\d+)/im.exec(head)[1], Buffer.byteLength(rest[0], 'latin1'), what);
}

const TAILS = ['\r\nX-Evil: 1', '\nX-Evil: 1', '\rX-Evil: 1', '\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', '\r\n X-Evil: folded',
	'\0', '\0\r\nX-Evil: 1', '\x0b', '\x0c', '\x1b[2J', '\x7f', '\r', '\n', '\n\n', '\r\nTransfer-Encoding: chunked', '\r\nSet-Cookie: a=b',
	'\r\nContent-Length: 0'];
const NAMES = ['X-Evil: 1\r\nX-Evil', 'X-Evil\r\n', 'X-Evil\n', '\r\nX-Evil', 'X-Evil:', 'X Evil', 'X-Evil ', ' X-Evil', 'X-Evil\0', '', ':', 'X-\u00c9vil',
	'X-Evil\t', 'X(Evil)', 'X/Evil', 'X"Evil"', 'X,Evil', 'X[Evil]', 'X{Evil}', 'X@Evil', 'X=Evil', 'X?Evil', 'X;Evil', 'X<Evil>', 'X\\Evil', '\x01'];
const OURS = ['Content-Length', 'content-length', 'Transfer-Encoding', 'Connection', 'Set-Cookie', 'Date', 'Trailer', 'Upgrade', 'Keep-Alive'];

for (const path of ['/value', '/piece', '/list', '/type']) {
	story(`${path}: a header's value with a line end or a control byte never reaches the wire`, async () => {
		for (const tail of TAILS) {
			for (const value of [tail, `a${tail}`, `${tail}b`]) {
				const d = await raw(path, JSON.stringify({ v: value }));
				whole(JSON.stringify(value), d);
			}
		}
		const d = await raw(path, JSON.stringify({ v: 'plain words' }));
		assert.deepEqual([d.statuses, /plain words/.test(d.text)], [[200], true], 'and what is plain does');
	});
}

story('characters that a careless cast turns into line ends do not become any', async () => {
	for (const c of ['\u010d', '\u010a', '\u560d\u560a', '\u2028', '\u0085', '\u{1f60a}', '\ud80d']) {
		whole(JSON.stringify(c), await raw('/value', JSON.stringify({ v: `a${c}X-Evil: 1` })));
	}
});

story('a name that is no token never reaches the wire', async () => {
	for (const name of NAMES) {
		whole(JSON.stringify(name), await raw('/all', JSON.stringify({ headers: { [name]: 'told' } })));
		whole(JSON.stringify(name), await raw('/all', JSON.stringify({ headers: [[name, 'told']] })));
	}
});

story('headers that are ours to write cannot be told', async () => {
	for (const name of OURS) {
		const d = await raw('/all', JSON.stringify({ headers: { [name]: 'told-7' } }));
		whole(name, d);
		assert.doesNotMatch(d.text.split('\r\n\r\n')[0], /told-7/, name);
	}
});

story('line ends that come percent-encoded in a query do not end a line', async () => {
	for (const to of ['/%0d%0aX-Evil:1', '/%0aX-Evil:1', '/%0d', '%00', '%E5%98%8D%E5%98%8AX-Evil:1', '/%250d%250aX-Evil:1']) {
		whole(to, await raw(`/query?to=${to}`, '{}'));
	}
});
