// SPDX-License-Identifier: MIT
//
// octokit: every payload GitHub's own libraries are tested with, signed by their code.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createRequire } from 'node:module';
import { before } from 'node:test';
import { sign } from '@octokit/webhooks-methods';
import { flow, map } from './flows.mjs';
import { story } from './story.mjs';
import { World, few, inFlight, waitFor } from './world.mjs';

const SECRET = "It's a Secret to Everybody";
const NEXT = 'the one of next month';
const hook = flow('github', [
	map('what', { event: '{{ .headers["x-github-event"] }}', action: '{{ .body.action }}', delivery: '{{ .event.id }}' }),
], {
	authentication: {
		type: 'hmac', algorithm: 'sha256', header: 'X-Hub-Signature-256', prefix: 'sha256=', encoding: 'hex',
		secret: ['github', 'github-next'],
	},
});

/** All payloads of the package, every folder of it: [{event, body}], bodies in both of the usual spellings. */
function payloads() {
	const folder = dirname(createRequire(import.meta.url).resolve('@octokit/webhooks-examples/package.json'));
	const list = [];
	for (const entry of readdirSync(folder, { withFileTypes: true })) {
		if (!entry.isDirectory()) continue;
		for (const { name, examples } of JSON.parse(readFileSync(join(folder, entry.name, 'index.json')))) {
			for (const example of examples) {
				list.push({ event: name, body: JSON.stringify(example, null, list.length % 2 ? '\t' : undefined) });
			}
		}
	}
	return list;
}
const sha256 = bytes => createHash('sha256').update(bytes).digest('hex');

let w;
before(async () => {
	w = await World.open({ flows: [hook], secrets: { github: SECRET, 'github-next': NEXT } });
});
const deliver = async (payload, secret) => w.post('/github', payload.body, {
	'User-Agent': 'GitHub-Hookshot/044aadd', 'X-GitHub-Event': payload.event,
	'X-Hub-Signature-256': await sign(secret, payload.body),
});

story('every octokit payload is answered 202, run, and found byte for byte in the database', async () => {
	const all = payloads();
	assert.ok(all.length > 500, `the package has ${all.length} payloads`);
	const sent = all.slice(0, few(all.length));
	const ids = await inFlight(8, sent, async (payload, i) => {
		const got = await deliver(payload, i % 2 ? SECRET : NEXT);
		assert.equal(got.status, 202, `${payload.event}: ${got.text}`);
		assert.equal(got.json.state, 'queued');
		assert.equal(got.headers['ringbolt-event'], String(got.json.event));
		return got.json.event;
	});
	assert.equal(new Set(ids).size, sent.length);
	await w.ended(null, 30000);

	const rows = await w.sql(`SELECT r.id, hex(r.body) AS body, h.state, h.attempts,
		(SELECT output FROM step_history s WHERE s.event = r.id AND s.step = 'what') AS output
		FROM event_requests r JOIN event_history h USING (id)`);
	const kept = new Map(rows.map(row => [row.id, row]));
	for (const [i, payload] of sent.entries()) {
		const row = kept.get(ids[i]);
		assert.ok(row, `event ${ids[i]} is in the database`);
		assert.equal(row.state, 'succeeded', `${payload.event} of event ${ids[i]}`);
		assert.equal(row.attempts, 1);
		assert.equal(sha256(Buffer.from(row.body, 'hex')), sha256(payload.body), `the body of event ${ids[i]}`);
		assert.deepEqual(JSON.parse(row.output), {
			event: payload.event, action: JSON.parse(payload.body).action ?? null, delivery: ids[i],
		});
	}
	assert.equal(rows.length, sent.length, 'nothing but what was sent is there');
});

story('an event can be read back from the command line, byte for byte', async () => {
	const payload = payloads().find(p => /[^\x00-\x7f]/.test(p.body));
	assert.ok(payload, 'some payload is more than ASCII');
	const { event } = (await deliver(payload, SECRET)).json;
	const { out } = await w.do(['event', 'request', String(event), '--body'], { encoding: 'buffer' });
	assert.equal(sha256(out), sha256(payload.body));
});

story('a wrong signature is refused with 401 and no detail, and listed with its cause', async () => {
	const payload = payloads()[0];
	const before = await w.one('SELECT count(*) FROM event_history');
	const wrong = {
		'another secret': await sign('guess', payload.body),
		'another body': await sign(SECRET, `${payload.body} `),
		'no prefix': (await sign(SECRET, payload.body)).slice('sha256='.length),
		'no digest': 'sha256=',
		'a cut digest': (await sign(SECRET, payload.body)).slice(0, -2),
		'no hex': `sha256=${'z'.repeat(64)}`,
	};
	const answers = new Set();
	for (const [what, signature] of Object.entries(wrong)) {
		const got = await w.post('/github', payload.body, { 'X-GitHub-Event': 'push', 'X-Hub-Signature-256': signature });
		assert.equal(got.status, 401, what);
		assert.equal(got.headers['ringbolt-event'], undefined);
		answers.add(got.text);
	}
	const none = await w.post('/github', payload.body, { 'X-GitHub-Event': 'push' });
	assert.equal(none.status, 401);
	answers.add(none.text);
	assert.equal(answers.size, 1, `one answer for all of them, not ${[...answers].join(' / ')}`);
	assert.doesNotMatch(none.text, /sign|secret|hmac|digest|missing/i);

	const rows = await w.sql('SELECT * FROM rejected_requests ORDER BY id');
	assert.equal(rows.length, Object.keys(wrong).length + 1);
	for (const row of rows) {
		assert.equal(row.status, 401);
		assert.equal(row.flow, 'github');
		assert.equal(row.path, '/in/github');
		assert.match(row.cause, /signature|X-Hub-Signature-256/i);
	}
	assert.notEqual(rows[0].cause, rows.at(-1).cause, 'a missing signature is another cause than a wrong one');
	const listed = (await w.do(['event', 'rejected', '--json'])).rows();
	assert.equal(listed.length, rows.length);
	assert.equal(await w.one('SELECT count(*) FROM event_history'), before, 'nothing was stored');
});

story('while a secret is being changed, both are accepted; a removed one no longer is', async () => {
	const payload = payloads()[1];
	for (const secret of [SECRET, NEXT]) assert.equal((await deliver(payload, secret)).status, 202);
	await w.apply({ ...hook, webhook: { ...hook.webhook, authentication: { ...hook.webhook.authentication, secret: 'github-next' } } });
	assert.equal((await deliver(payload, NEXT)).status, 202);
	await waitFor('the old secret to be refused', async () => (await deliver(payload, SECRET)).status === 401, 3000);
});
