// SPDX-License-Identifier: MIT
//
// reply: what the caller gets when… (the whole table), with the flow in the same request.

import assert from 'node:assert/strict';
import { before } from 'node:test';
import { call, failWith, flow, map, respond } from './flows.mjs';
import { Destination, headersOf } from './http.mjs';
import { story } from './story.mjs';
import { SLOW, World, waitFor } from './world.mjs';

const quote = flow('quote', [
	map('order', { total: '{{ [.body.items[] | .quantity * (.price | tonumber)] | add }}', id: '{{ .body.id }}' }),
	respond(201, { quote: '{{ .steps.order.id }}', total: '{{ .steps.order.total }}', currency: 'EUR' }, {
		override_status: '{{ if .steps.order.total > 1000 then 422 else empty end }}',
		headers: { 'Content-Type': 'application/json', 'X-Total': '{{ .steps.order.total }}' },
	}),
]);
const text = flow('text', [respond(200, 'Hello, {{ .query.name }}!', { headers: { 'Content-Type': 'text/plain; charset=utf-8' } })],
	{ methods: ['GET'] });
const repeats = flow('repeats', [respond(202, { ok: true }, {
	headers: [['Content-Type', 'application/json'], ['Link', '<a>; rel=next'], ['X-One', '1'], ['Link', '<b>; rel=prev']],
})]);
const nobody = flow('nobody', [respond(204)]);
const failing = flow('failing', [failWith('no stock of {{ .body.sku }}'), respond(200, 'never')], { deadline_ms: 8000 });
const wrong = flow('wrong', [map('m', '{{ .body.a + {} }}'), respond(200, 'never')]);
const silent = flow('silent', [
	{ name: 'route', type: 'switch', match: 'first', paths: [
		{ name: 'known', when: '{{ .body.known }}', steps: [respond(200, 'known')] },
		{ name: 'otherwise', steps: [] },
	] },
]);
const marked = flow('marked', [respond(200, { sorry: true }, { override_status: '{{ 503 }}', outcome: 'failed' })]);
const overrides = flow('overrides', [
	{ name: 'route', type: 'switch', match: 'first', paths: [
		{ name: 'fails', when: '{{ .body.do == "fail" }}', steps: [failWith('as told')] },
		{ name: 'replies', when: '{{ .body.do == "reply" }}', steps: [respond(200, 'told')] },
	] },
], { when: {
	failed: { status: 502, body: '{"code":"E1"}', content_type: 'application/json' },
	no_reply: { status: 404, body: 'nothing of that kind', content_type: 'text/plain' },
} });
const onError = flow('on-error', [map('m', '{{ error("boom") }}')], { reply: 'response' }, {
	on_error: [respond(200, { failed: true }, { override_status: '{{ 503 }}' })],
});
const splitting = flow('splitting', [respond(200, 'x', { headers: { 'X-Echo': '{{ .body.echo }}', 'X-After': '1' } })]);
const pausing = flow('pausing', [respond(200, 'ran')]);
const once = flow('once', [
	map('n', { value: '{{ .body.n }}' }),
	respond(201, { n: '{{ .steps.n.value }}', event: '{{ .event.id }}' }, { headers: { 'X-N': '{{ .body.n }}' } }),
], { dedupe: { key: '{{ .body.key }}' } });

let w, slow;
before(async () => {
	slow = await Destination.open(() => ({ body: { answer: 42 }, after_ms: 1200 }));
	const late = [call('far', 'POST', slow.url, { body: { n: '{{ .body.n }}' } }), respond(200, { answer: '{{ .steps.far.body.answer }}' })];
	w = await World.open({
		workers: '3:3',
		flows: [quote, text, repeats, nobody, failing, wrong, silent, marked, overrides, onError, pausing, once, splitting,
			flow('late', late, { deadline_ms: 300 }),
			flow('late-told', late, { deadline_ms: 300, when: { deadline: { status: 202, body: 'soon', content_type: 'text/plain' } } }),
			flow('early', [respond(202, { taken: true }), call('far', 'POST', slow.url, { body: { n: 1 } })])],
	});
});

story('the quote is answered with the status, headers and body its flow computed', async () => {
	const got = await w.post('/quote', { id: 7, items: [{ quantity: 2, price: '19.99' }, { quantity: 1, price: '0.02' }] });
	assert.equal(got.status, 201);
	assert.deepEqual(got.json, { quote: 7, total: 40, currency: 'EUR' });
	assert.match(got.headers['content-type'], /^application\/json/);
	assert.equal(got.headers['x-total'], '40');
	assert.equal(got.headers['x-content-type-options'], 'nosniff');
	const event = await w.ended(got.headers['ringbolt-event']);
	assert.equal(event.state, 'succeeded');
	assert.equal(event.status, 201);
});

story('override_status answers another status than the one of success', async () => {
	const got = await w.post('/quote', { id: 8, items: [{ quantity: 100, price: '19.5' }] });
	assert.equal(got.status, 422);
	assert.equal(got.json.total, 1950);
});

story('a text body stays text, a JSON body keeps the types of its values', async () => {
	const got = await w.send('GET', '/in/text?name=J%C3%B6rg');
	assert.equal(got.status, 200);
	assert.equal(got.text, 'Hello, Jörg!');
	assert.equal(got.headers['content-type'], 'text/plain; charset=utf-8');
	const big = await w.post('/quote', '{"id": 820982911946154508, "items": [{"quantity":1,"price":"1.5"}]}');
	assert.match(big.text, /"quote":\s*820982911946154508\b/, 'no digit of a number is lost');
});

story('repeated reply headers all arrive, in order', async () => {
	const got = await w.post('/repeats', {});
	assert.equal(got.status, 202);
	assert.deepEqual(headersOf(got, 'link'), ['<a>; rel=next', '<b>; rel=prev']);
	assert.equal(got.headers['x-one'], '1');
});

story('204 has no body and the connection can be used again', async () => {
	const got = await w.post('/nobody', {});
	assert.equal(got.status, 204);
	assert.equal(got.text, '');
	assert.equal(got.headers['transfer-encoding'], undefined);
	assert.equal((await w.post('/nobody', {})).status, 204);
});

story('a run that fails before its reply is answered 500 at once, with the event and no detail', async () => {
	for (const suffix of ['/failing', '/wrong']) {
		const got = await w.post(suffix, { sku: 'A-1', a: 1 });
		assert.equal(got.status, 500, suffix);
		assert.ok(got.ms < 1500 * SLOW, `${suffix} was answered after ${got.ms} ms, its deadline is 8 s`);
		assert.equal(String(got.json.event), got.headers['ringbolt-event']);
		const event = await w.ended(got.json.event);
		assert.equal(event.state, 'failed');
		assert.equal(event.status, 500);
		assert.ok(event.error.length > 5);
	}
	assert.match((await w.sql("SELECT error FROM failed_events WHERE flow = 'failing'"))[0].error, /no stock of A-1/);
});

story('a slow run is answered 504 at its deadline, and its status URL shows the result later', async () => {
	const got = await w.post('/late', { n: 1 });
	assert.equal(got.status, 504);
	assert.ok(got.ms >= 200 && got.ms < 300 + 700 * SLOW, `answered after ${got.ms} ms, the deadline is 300 ms`);
	assert.equal(String(got.json.event), got.headers['ringbolt-event']);
	const url = new URL(got.json.status_url);
	assert.equal(url.port, String(w.port));
	const meanwhile = await w.send('GET', url.pathname + url.search);
	assert.ok(meanwhile.status < 300, 'the status URL answers while it runs');
	const shown = await waitFor('the status URL to show the result', async () => {
		const status = await w.send('GET', url.pathname + url.search);
		return status.json.state === 'succeeded' && status;
	});
	assert.match(shown.text, /42/, 'what the flow answered stands there');
	assert.equal((await w.event(got.json.event)).status, 504, 'the history shows what the caller got');
	const guessed = await w.send('GET', url.pathname.replace(/\d+/, n => +n + 1) + url.search.replace(/[0-9a-f]{8}/, '00000000'));
	assert.ok(guessed.status === 404 || guessed.status === 401, 'it cannot be guessed');
});

story('a run that ends without a reply is answered 200, empty', async () => {
	const got = await w.post('/silent', { known: false });
	assert.equal(got.status, 200);
	assert.equal(got.text, '');
	assert.equal((await w.post('/silent', { known: true })).text, 'known');
});

story('what a status URL tells of a run nobody waited for is synced first', async () => {
	const synced = () => w.one('SELECT synced FROM config');
	const status = async flowName => {
		const got = await w.post(`/${flowName}`, { n: 1 });
		await w.ended(got.headers['ringbolt-event']);
		const { pathname } = new URL(got.json.status_url);
		const before = await synced();
		const told = (await w.send('GET', pathname)).json;
		return [told.state, told.reply?.status ?? null, await synced() - before];
	};
	await w.apply(flow('unheard', [map('m', 1)]), flow('heard', [respond(201, 'later')], { reply: 'accepted' }));
	assert.deepEqual(await status('unheard'), ['succeeded', null, 1]);
	assert.deepEqual(await status('heard'), ['succeeded', 201, 0], 'a reply was synced before it could be seen');
});

story('webhook_response may mark the run as failed while the caller gets its answer', async () => {
	const got = await w.post('/marked', {});
	assert.equal(got.status, 503);
	assert.deepEqual(got.json, { sorry: true });
	const event = await w.ended(got.headers['ringbolt-event']);
	assert.equal(event.state, 'failed');
});

story('each row of the reply table can be overridden by the flow', async () => {
	const failed = await w.post('/overrides', { do: 'fail' });
	assert.deepEqual([failed.status, failed.text], [502, '{"code":"E1"}']);
	assert.match(failed.headers['content-type'], /^application\/json/);
	const none = await w.post('/overrides', { do: 'nothing' });
	assert.deepEqual([none.status, none.text], [404, 'nothing of that kind']);
	assert.match(none.headers['content-type'], /^text\/plain/);
	assert.equal((await w.post('/overrides', { do: 'reply' })).text, 'told');
	const late = await w.post('/late-told', { n: 2 });
	assert.deepEqual([late.status, late.text], [202, 'soon']);
	await w.apply(flow('thanked', [map('m', 1)], { when: { accepted: { status: 200, body: 'thanks' } } }));
	const thanked = await w.post('/thanked', {});
	assert.deepEqual([thanked.status, thanked.text], [200, 'thanks']);
	for (const got of [failed, none, late, thanked]) {
		const event = got.headers['ringbolt-event'];
		await w.ended(event);
		assert.equal((await w.event(event)).status, got.status, 'event_history says what the caller got');
	}
});

story('refusals and duplicates can be said in the own words of a flow, and stay refusals', async () => {
	const own = (status, body) => ({ status, body: { code: body } });
	await w.do(['secret', 'set', 'door'], { input: 'let-me-in' });
	await w.apply(
		flow('doors', [map('m', 1)], {
			authentication: { type: 'bearer', secret: 'door' }, max_body_bytes: 40, dedupe: { key: '{{ .body.key }}' },
			rate_limit: { per_second: 0.01, burst: 3 }, expected: { body: { key: 'k' }, mismatch: 'reject' },
			when: { duplicate: own(200, 'seen'), method: own(404, 'none'), unauthenticated: own(403, 'who'), rate_limited: own(503, 'slow'),
				too_large: own(422, 'big'), mismatch: own(422, 'odd') } }),
		flow('once-told', [map('m', 1), respond(201, 'first')], { dedupe: true, when: { duplicate: { status: 409 } } }),
	);
	const post = (body, token = 'let-me-in') => w.post('/doors', body, { Authorization: `Bearer ${token}` });
	const said = got => [got.status, got.json.code];
	const wrong = await post({ key: 1 }, 'wrong');
	assert.deepEqual([...said(wrong), wrong.headers['www-authenticate']], [403, 'who', undefined]);
	const put = await w.send('PUT', '/in/doors', { body: '{}' });
	assert.deepEqual([...said(put), put.headers.allow], [404, 'none', undefined]);
	const big = await post({ key: 'k', more: 'x'.repeat(60) });
	assert.deepEqual(said(big), [422, 'big']);
	const first = await post({ key: 'a' });
	assert.equal(first.status, 202);
	const again = await post({ key: 'a' });
	assert.deepEqual([...said(again), again.headers['ringbolt-event'], again.headers['ringbolt-duplicate']],
		[200, 'seen', String(first.json.event), 'true']);
	const slow = await post({ key: 'b' });
	assert.deepEqual(said(slow), [503, 'slow']);
	assert.match(slow.headers['retry-after'], /^\d+$/);
	await w.apply(flow('odd', [map('m', 1)], { expected: { body: { key: 'k' }, mismatch: 'reject' }, when: { mismatch: own(422, 'odd') } }));
	assert.deepEqual(said(await w.post('/odd', { other: 1 })), [422, 'odd']);
	assert.equal((await w.post('/once-told', { n: 1 })).status, 201);
	assert.equal((await w.post('/once-told', { n: 1 })).status, 409);
	assert.equal(await w.one("SELECT count(*) FROM event_history WHERE flow IN ('doors', 'odd', 'once-told')"), 2);
});

story('a full queue is said in the own words of a flow, and never as if something were stored', async () => {
	const full = await World.open({ workers: '1:1', serve: ['--max-queued', '1'], flows: [
		flow('full', [{ name: 'wait', type: 'delay', for_ms: 600000 }], { when: { unavailable: { status: 529, body: 'busy' } } }),
		flow('plain', [map('m', 1)]),
	] });
	assert.equal((await full.post('/full', {})).status, 202);
	await waitFor('the delay to begin', async () => await full.one("SELECT count(*) FROM queue_now WHERE trigger = 'delay'") === 1);
	const got = await full.post('/full', {});
	assert.deepEqual([got.status, got.text, got.headers['retry-after']], [529, 'busy', '2']);
	const plain = await full.post('/plain', {});
	assert.deepEqual([plain.status, plain.headers['retry-after']], [503, '2']);
	assert.match(plain.json.error, /nothing was stored/);
	assert.equal(await full.one('SELECT count(*) FROM event_history'), 1);
	await full.close();
});

story('a line break in a computed header never becomes a header of its own', async () => {
	assert.equal((await w.post('/splitting', { echo: 'plain' })).headers['x-echo'], 'plain');
	for (const echo of ['a\r\nX-Evil: 1', 'a\nX-Evil: 1', 'a\r\n\r\n<html>', 'a\rX-Evil: 1', 'a\u0000b']) {
		const got = await w.post('/splitting', { echo });
		assert.equal(got.status, 500, JSON.stringify(echo));
		assert.equal(got.headers['x-evil'], undefined);
		assert.match((await w.event(got.headers['ringbolt-event'])).error, /X-Echo/, 'the history names the header');
	}
});

story("the flow's on_error steps may reply", async () => {
	const got = await w.post('/on-error', {});
	assert.equal(got.status, 503);
	assert.deepEqual(got.json, { failed: true });
});

story('events of a paused flow are held with 202, and run when it is resumed', async () => {
	await w.do(['flow', 'pause', 'pausing']);
	const held = await waitFor('the pause to show', async () => {
		const got = await w.post('/pausing', {});
		return got.status === 202 && got;
	}, 3000);
	assert.equal(held.json.state, 'held');
	assert.equal((await w.event(held.json.event)).state, 'held');
	assert.ok((await w.sql("SELECT * FROM queue_now WHERE state = 'held'")).some(row => row.id === held.json.event));
	await w.do(['flow', 'resume', 'pausing']);
	await waitFor('the held event to run', async () => (await w.event(held.json.event)).state === 'succeeded');
	await waitFor('new ones to be answered again', async () => (await w.post('/pausing', {})).text === 'ran', 3000);
});

story('an early reply leaves before the slow step that follows it, which still runs', async () => {
	const calls = slow.calls.length;
	const got = await w.post('/early', {});
	assert.deepEqual([got.status, got.json], [202, { taken: true }]);
	assert.ok(got.ms < 1000 * SLOW, `answered after ${got.ms} ms, the slow step takes 1200`);
	const event = await w.ended(got.headers['ringbolt-event']);
	assert.equal(event.state, 'succeeded');
	assert.equal(event.status, 202);
	assert.equal(slow.calls.length, calls + 1);
});

story("a duplicate gets the first one's reply, without running", async () => {
	const first = await w.post('/once', { key: 'k1', n: 1 });
	assert.equal(first.status, 201);
	const again = await w.post('/once', { key: 'k1', n: 2 });
	assert.deepEqual([again.status, again.json, again.headers['x-n']], [201, first.json, '1']);
	assert.equal(again.headers['ringbolt-event'], first.headers['ringbolt-event']);
	assert.equal(await w.one(`SELECT count(*) FROM run_history WHERE event = ${first.json.event}`), 1);
	assert.equal((await w.post('/once', { key: 'k2', n: 3 })).json.n, 3);
	const together = await Promise.all(Array.from({ length: 10 }, (_, n) => w.post('/once', { key: 'k3', n })));
	assert.equal(new Set(together.map(got => got.text)).size, 1, 'callers who come at the same time get the same');
	assert.equal(await w.one("SELECT count(*) FROM event_history WHERE flow = 'once'"), 3);
});
