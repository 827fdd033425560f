// SPDX-License-Identifier: MIT
//
// examples: each flow of examples/ is applied and called for real, with the request it expects.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { before } from 'node:test';
import { story } from './story.mjs';
import { ROOT, World } from './world.mjs';

const FOLDER = join(ROOT, 'examples');
const SECRETS = { github: 'for the examples', payment: 'for the payments' };
const names = readdirSync(FOLDER).filter(name => name.endsWith('.json')).map(name => name.slice(0, -5));
const example = name => JSON.parse(readFileSync(join(FOLDER, `${name}.json`)));
const sample = name => example(name).webhook.expected;

let w;
before(async () => {
	w = await World.open({ secrets: SECRETS, start: false });
	await w.do(['flow', 'apply', FOLDER]);
	await w.start();
});

/** deliver sends a body as the example's system would sign it. */
function deliver(name, body = sample(name).body, more = {}) {
	const { webhook } = example(name), { authentication: auth } = webhook;
	const bytes = typeof body === 'string' ? body : JSON.stringify(body);
	const signed = auth.type === 'hmac' ? { [auth.header]: (auth.prefix ?? '')
		+ createHmac(auth.algorithm, SECRETS[auth.secret]).update(bytes).digest(auth.encoding) } : {};
	return w.post(webhook.url_suffix, bytes, { ...sample(name).headers, ...signed, ...more });
}
async function outputs(got) {
	const id = +got.headers['ringbolt-event'], event = await w.ended(id);
	const steps = await w.sql(`SELECT step, output FROM step_history WHERE event = ${id} AND output IS NOT NULL`);
	return { event, ...Object.fromEntries(steps.map(({ step, output }) => {
		try {
			return [step, JSON.parse(output)];
		} catch {
			return [step, output]; // json_extract shows a text bare
		}
	})) };
}

story('every example passes flow check without a fault or a warning, and has a story here', async () => {
	const { out } = await w.do(['flow', 'apply', FOLDER]);
	assert.doesNotMatch(out, /error|warning/i);
	assert.deepEqual(names, Object.keys(STORIES).sort(), 'an example has no story, or a story no example');
});

const STORIES = {
	'form-post': async () => {
		const form = data => deliver('form-post', new URLSearchParams(data).toString());
		const good = { name: 'Ada Lovelace', email: 'Ada@example.com', message: 'Please call me back.', website: '' };
		const got = await form(good);
		assert.equal(got.status, 200);
		assert.match(got.text, /Thank you, Ada Lovelace\. We will write to ada@example\.com\./);
		assert.match(got.headers['content-type'], /^text\/plain/);
		assert.deepEqual((await outputs(got)).mail.reply_to, 'ada@example.com');
		assert.equal((await form({ ...good, email: 'nowhere' })).status, 422);
		const robot = await form({ ...good, website: 'http://spam.example' });
		assert.equal(robot.status, 200);
		assert.equal((await outputs(robot)).mail, undefined);
	},
	'github-push': async () => {
		const got = await deliver('github-push');
		assert.equal(got.status, 202);
		const { event, push, note } = await outputs(got);
		assert.equal(event.state, 'succeeded');
		assert.equal(note, 'Codertocat pushed 1 commit(s) to Codertocat/Hello-World');
		assert.deepEqual(push.commits, [{ id: '59b20b8', author: 'Codertocat', summary: 'Updating the readme' }]);
		assert.equal((await deliver('github-push')).json.event, got.json.event, 'the second delivery is the first one again');
		const branch = await deliver('github-push', { ...sample('github-push').body, ref: 'refs/heads/x' }, { 'X-GitHub-Delivery': 'another' });
		assert.equal((await outputs(branch)).note, undefined);
		assert.equal((await deliver('github-push', undefined, { 'X-Hub-Signature-256': 'sha256=00' })).status, 401);
	},
	'github-pull-request': async () => {
		const { body } = sample('github-pull-request');
		const opened = await outputs(await deliver('github-pull-request'));
		assert.equal(opened.event.state, 'succeeded', opened.event.error);
		assert.match(opened.review.text, /^Codertocat asks for a review of Codertocat\/Hello-World#2: Update/);
		assert.equal(opened.review.size, 'small');
		const merged = { ...body, action: 'closed', pull_request: { ...body.pull_request, merged: true } };
		const closed = await outputs(await deliver('github-pull-request', merged, { 'X-GitHub-Delivery': 'closed' }));
		assert.equal(closed.merge.text, 'Codertocat/Hello-World#2 is in main');
	},
	'payment': async () => {
		const { body } = sample('payment');
		const got = await deliver('payment');
		assert.equal(got.status, 202);
		assert.deepEqual((await outputs(got)).result, { order: 'A-1042', state: 'paid', text: '19.99 EUR received' });
		assert.equal((await deliver('payment')).json.event, got.json.event);
		const failed = await outputs(await deliver('payment', { ...body, id: 'evt_2', type: 'payment.failed', data: { ...body.data, failure: 'card expired' } }));
		assert.equal(failed.result_refused.text, 'card expired');
		const strange = await outputs(await deliver('payment', { ...body, id: 'evt_3', type: 'payment.pondered' }));
		assert.equal(strange.event.state, 'failed');
		assert.match(strange.event.error, /payment\.pondered/);
		assert.equal((await deliver('payment', body, { 'X-Payment-Signature': '' })).status, 401);
	},
	'price-quote': async () => {
		const got = await deliver('price-quote');
		assert.equal(got.status, 200);
		assert.deepEqual([got.json.net, got.json.tax, got.json.total, got.json.currency], [88.58, 16.83, 105.41, 'EUR']);
		assert.equal(got.json.lines.length, 2);
		assert.equal(got.headers['x-quote'], got.headers['ringbolt-event']);
		for (const body of [{ items: [] }, { items: [{ quantity: 0, unit_price: 1 }] }, [], 'no JSON', {}]) {
			const refused = await deliver('price-quote', body);
			assert.equal(refused.status, 422, `${JSON.stringify(body)}: ${refused.text}`);
			assert.ok(refused.json.error.length > 10);
			assert.equal(refused.json.total, undefined);
		}
	},
};
for (const [name, body] of Object.entries(STORIES)) story(`the example ${name} does what its description says`, body);
