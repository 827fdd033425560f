// SPDX-License-Identifier: MIT
//
// redact: what a webhook keeps from the disk is on no disk, and all else is as it came.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { before } from 'node:test';
import { flow, map, respond } from './flows.mjs';
import { story } from './story.mjs';
import { World } from './world.mjs';

const CARD = '4111000022223333', OTHER = '5500000000000004';
let w;
before(async () => {
	const redact = { headers: ['X-Card'], query: ['card'], body: ['.body.card.number', '.body.items[].card'] };
	w = await World.open({
		secrets: { hook: 'hook-secret' },
		flows: [
			flow('pay', [respond(200, { number: '{{ .body.card.number }}', kept: '{{ .body.amount }}', query: '{{ .query.card }}' })], {
				authentication: { type: 'hmac', header: 'X-Signature', secret: 'hook' }, redact }),
			flow('form', [map('m', '{{ .body }}')], { redact }),
			flow('by-card', [map('m', 1)], { redact, dedupe: { key: '{{ .body.card.number }}' }, order_by: '{{ .headers["x-card"] }}' }),
			flow('by-body', [map('m', 1)], { redact, dedupe: true, order_by: '{{ .body.customer }}' }),
		],
	});
});

const post = (suffix, body, headers = {}) => w.send('POST', `/in${suffix}`, { body, headers: { 'Content-Type': 'application/json', ...headers } });
const kept = async id => (await w.sql(`SELECT * FROM event_requests WHERE id = ${id}`))[0];

story('paths of the body are cut out before the disk, after the signature was judged on the whole', async () => {
	const body = `{"amount": 820982911946154508,"card" :{"number":"${CARD}", "exp":"01/30"},\n "items":[{"card":${OTHER}},{"sku":"A"}]}`;
	const sign = bytes => createHmac('sha256', 'hook-secret').update(bytes).digest('hex');
	const got = await post(`/pay?a=%31&card=${CARD}`, body, { 'X-Signature': sign(body), 'X-Card': CARD });
	assert.deepEqual([got.status, got.text], [200, '{"number":"[redacted]","kept":820982911946154508,"query":"[redacted]"}']);
	const request = await kept(got.headers['ringbolt-event']);
	assert.equal(request.body, body.replace(`"${CARD}"`, '"[redacted]"').replace(OTHER, '"[redacted]"'));
	assert.equal(request.query, 'a=%31&card=[redacted]');
	assert.ok(request.headers.includes('["X-Card","[redacted]"]'), request.headers);
	assert.deepEqual(JSON.parse(request.redacted), ['header x-card', 'query card', '.body.card.number', '.body.items[].card']);
	assert.equal((await post('/pay', body, { 'X-Signature': sign(request.body) })).status, 401);
	const untouched = '{"amount":1}';
	const plain = await kept((await post('/pay', untouched, { 'X-Signature': sign(untouched) })).headers['ringbolt-event']);
	assert.deepEqual([plain.body, plain.redacted], [untouched, null]);
});

story('a form is cut too, and a body in which nothing can be found is refused whole', async () => {
	const got = await post('/form', `name=A+B&card=${CARD}&x=%31`, { 'Content-Type': 'application/x-www-form-urlencoded' });
	assert.equal(got.status, 202);
	assert.equal((await kept(got.json.event)).body, 'name=A+B&card=[redacted]&x=%31');
	for (const [body, type] of [[`{"card":{"number":"${CARD}"`, 'application/json'], [`card ${CARD}`, 'text/plain'], [`<card>${CARD}</card>`, 'text/xml']]) {
		const refused = await post('/form', body, { 'Content-Type': type });
		assert.equal(refused.status, 400);
		assert.match(refused.json.error, /neither JSON nor a form/);
	}
	assert.equal(await w.one("SELECT count(*) FROM rejected_requests WHERE flow = 'form' AND status = 400"), 3);
	assert.equal((await post('/form', '')).status, 202, 'an empty body holds nothing');
});

story('keys are taken from the whole request, and do not give away what was cut', async () => {
	const send = (suffix, number, customer, header = CARD) => post(suffix, JSON.stringify({ card: { number }, customer }), { 'X-Card': header });
	const [first, again, other] = [await send('/by-card', CARD, 1), await send('/by-card', CARD, 2), await send('/by-card', OTHER, 3)];
	assert.equal(again.headers['ringbolt-duplicate'], 'true');
	assert.equal(first.json.event, again.json.event);
	assert.notEqual(first.json.event, other.json.event);
	const bodies = [await send('/by-body', CARD, 'C-1'), await send('/by-body', OTHER, 'C-1'), await send('/by-body', CARD, 'C-1')];
	assert.notEqual(bodies[0].json.event, bodies[1].json.event, 'they differ only in what was cut');
	assert.equal(bodies[0].json.event, bodies[2].json.event);
	const keys = await w.sql('SELECT e.dedupe_key, e.order_key, f.name FROM events e JOIN flows f ON f.id = e.flow_id WHERE dedupe_key IS NOT NULL');
	assert.equal(keys.length, 4);
	for (const key of keys) {
		assert.match(key.dedupe_key, /^[0-9a-f]{64}$/);
		if (key.name === 'by-body') assert.equal(key.order_key, 'C-1', 'a key that gives nothing away stays as it is');
		else assert.match(key.order_key, /^[0-9a-f]{64}$/);
	}
});

story('flow test shows a run what it would be shown', async () => {
	const file = w.writeFlow(flow('tried', [respond(200, { card: '{{ .body.card.number }}', auth: '{{ .headers.authorization }}', q: '{{ .query.card }}' })],
		{ redact: { query: ['card'], body: ['.body.card.number'] } }), '../tried');
	const test = body => w.cli(['flow', 'test', file, '--json', '--body', '-', '--query', `card=${CARD}`, '--header', 'Authorization:Bearer x',
		'--header', 'Content-Type:application/json'], { input: body });
	const got = await test(`{"card":{"number":"${CARD}"}}`);
	assert.equal(got.code, 0, got.err);
	assert.deepEqual(JSON.parse(got.rows()[0].reply.body), { card: '[redacted]', auth: '[redacted]', q: '[redacted]' });
	assert.ok(!got.out.includes(CARD));
	assert.match((await test('card 1')).err, /neither JSON nor a form/);
	await w.apply(JSON.parse(readFileSync(file)));
	await w.do(['flow', 'sample', 'add', 'tried', 'paid', '--body', '-', '--query', `card=${CARD}`], { input: `{"card":{"number":"${CARD}"}}` });
	assert.equal((await w.do(['flow', 'sample', 'list', 'tried', '--json'])).rows()[0].query, 'card=[redacted]');
});

story('neither the database nor its log, nor the server log, holds what was redacted', async () => {
	await w.ended();
	for (const name of readdirSync(w.data)) {
		const bytes = readFileSync(join(w.data, name), 'latin1');
		for (const number of [CARD, OTHER]) assert.ok(!bytes.includes(number), `${number} is in ${name}`);
	}
	assert.ok(!w.log().includes(CARD) && !w.log().includes(OTHER));
});
