// SPDX-License-Identifier: MIT
//
// senders: what goes for all systems: files dropped in, faulty ones, greetings by any method, what a flow
// takes from its system, and the mistakes that other verifiers have made.

import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before } from 'node:test';
import { flow, map } from './flows.mjs';
import { story } from './story.mjs';
import { RINGBOLT, ROOT, World, kill, run, waitFor } from './world.mjs';

const SECRET = 'a secret that nobody knows', OTHER = 'the secret of next month';
const PUBLIC = 'Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=';
const hex = (key, ...parts) => parts.reduce((h, part) => h.update(part), createHmac('sha256', key)).digest('hex');
const seen = [map('seen', { id: '{{ .event.delivery_id }}', type: '{{ .event.type }}' })];
const by = (name, system, more = {}, auth = {}) => flow(name, seen, {
	system, authentication: { type: 'system', secret: ['first', 'second'], ...auth }, ...more,
});

/** A system of an operator's own. */
const acme = (more = {}) => ({
	name: 'acme', title: 'Acme', category: 'test', about: 'A sender of this test.', methods: ['POST'],
	schemes: [{
		type: 'hmac', signature: { from: 'header:X-Acme', encoding: 'hex' },
		timestamp: { from: 'header:X-Acme-Time', unit: 'iso' }, tolerance_s: 300, signs: '{timestamp}{body}',
	}],
	delivery_id: ['header:X-Acme-Id'], dedupe: true, reply: { deadline_ms: 1500 },
	handshakes: [
		{ name: 'look', when: { method: 'HEAD' }, proof: 'none', reply: { status: 200 } },
		{ name: 'verify', when: { method: 'GET', 'query:challenge': true }, proof: { equal: ['{query:token}', '{setting:token}'] },
			reply: { status: 200, headers: { 'Content-Type': 'text/plain' }, text: '{query:challenge}' } },
	],
	settings: [{ name: 'token', secret: true }],
	...more,
});

let w;
function drop(system, name = system.name) {
	mkdirSync(join(w.data, 'systems'), { recursive: true });
	writeFileSync(join(w.data, 'systems', `${name}.json`), typeof system === 'string' ? system : JSON.stringify(system));
}
before(async () => {
	w = await World.open({ start: false });
	for (const [name, value] of Object.entries({ first: SECRET, second: OTHER, token: 'let me in' })) {
		await w.do(['secret', 'set', name], { input: value });
	}
	drop(acme());
	drop({ name: 'box-like', title: 'B', category: 'test', about: 'A password.', schemes: [{ type: 'basic' }] });
	drop({ name: 'ms', title: 'M', category: 'test', about: 'Milliseconds.', schemes: [{
		type: 'hmac', signature: { from: 'header:X-Sig', encoding: 'hex' }, timestamp: { from: 'header:X-Time', unit: 'ms' },
		tolerance_s: 60, signs: '{timestamp}:{body}',
	}] });
	drop({ name: 'hashed', title: 'H', category: 'test', about: 'A hash in the URL.', schemes: [{
		type: 'hmac', signature: { from: 'header:X-Sig', encoding: 'hex' }, signs: '{url}',
		checks: [['{query:hash}', '{body|sha256|hex}']],
	}] });
	w.writeFlow(by('hashed', 'hashed'));
	drop({ name: 'shown', title: 'S', category: 'test', about: 'It sends the secret.', schemes: [{
		type: 'shared_secret', signature: { from: ['header:X-Token', 'query:token'] },
	}] });
	w.writeFlow(by('shown', 'shown'));
	w.writeFlow(by('bare-key', 'standard-webhooks', {}, { secret: 'bare' }));
	await w.do(['secret', 'set', 'bare'], { input: PUBLIC });
	w.writeFlow(by('acme', 'acme', {}, { settings: { token: 'token' } }));
	w.writeFlow(by('ms', 'ms'));
	w.writeFlow(by('stripe', 'stripe', { dedupe: false }));
	w.writeFlow(by('slack', 'slack'));
	w.writeFlow(by('github', 'github', { dedupe: true }));
	w.writeFlow(by('basic', 'box-like', {}, { secret: 'password' }));
	w.writeFlow(by('standard', 'standard-webhooks', {}, { secret: 'public' }));
	await w.do(['secret', 'set', 'password'], { input: 'ada:a:pass:word' });
	await w.do(['secret', 'set', 'public'], { input: 'whpk_MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=' });
	await w.start();
});
const causes = () => w.sql('SELECT cause FROM rejected_requests ORDER BY id DESC LIMIT 1').then(rows => rows[0].cause);
const stamp = at => new Date(at).toISOString();
function signed(body, { at = stamp(Date.now()), id = String(Math.random()), key = SECRET } = {}) {
	return w.post('/acme', body, { 'X-Acme-Time': at, 'X-Acme-Id': id, 'X-Acme': hex(key, at, body) });
}

/* ---- files ---- */

story('a file dropped into the data directory is a system, without a build', async () => {
	const got = await signed('{"a":1}', { id: 'one' });
	assert.equal(got.status, 202, await w.logTail());
	await w.ended(got.json.event);
	assert.deepEqual(JSON.parse(await w.one(`SELECT output FROM step_history WHERE event = ${got.json.event}`)), { id: 'one', type: null });
	const listed = (await w.do(['system', 'list', '--json'])).rows().find(s => s.name === 'acme');
	assert.equal(listed.own_file, 'yes');
});

story('at SIGHUP its file is read again; a faulty one is told to the log and the old one goes on', async () => {
	drop(acme({ handshakes: [], event_type: ['json:what'] }));
	kill(w.server.pid, 'SIGHUP');
	await waitFor('the new file', async () => (await w.send('HEAD', '/in/acme')).status === 405);
	const got = await signed('{"what":"sold"}');
	await w.ended(got.json.event);
	assert.equal(JSON.parse(await w.one(`SELECT output FROM step_history WHERE event = ${got.json.event}`)).type, 'sold');
	drop('{"name": "acme", "titel": 1}', 'acme');
	kill(w.server.pid, 'SIGHUP');
	await waitFor('a word in the log', () => /new file is faulty.*titel/.test(w.log()));
	assert.equal((await signed('{"what":"kept"}')).status, 202);
	drop(acme());
	kill(w.server.pid, 'SIGHUP');
	await waitFor('the first file again', async () => (await w.send('HEAD', '/in/acme')).status === 200);
});

story('a faulty file is refused with the place of each fault, an unknown system with the nearest name', async () => {
	const file = join(w.dir, 'bad.json');
	writeFileSync(file, JSON.stringify({ ...acme({ name: 'bad' }), schemes: [{ type: 'hmac', signature: { from: 'heder:X', encoding: 'hex' } }], titel: 'x' }));
	const got = await run(RINGBOLT, ['system', 'check', '--json', file]);
	assert.equal(got.code, 3);
	const faults = got.out.trim().split('\n').map(line => JSON.parse(line));
	assert.deepEqual(faults.map(f => f.pointer).sort(), ['/schemes/0/signature/from', '/titel']);
	const unknown = await run(RINGBOLT, ['flow', 'check', w.writeFlow(by('unknown', 'strip'))]);
	assert.equal(unknown.code, 3);
	assert.match(unknown.out, /\/webhook\/system: there is no system "strip"; did you mean "stripe"\?/);
	const open = await run(RINGBOLT, ['flow', 'check', w.writeFlow(by('open', 'generic'))]);
	assert.match(open.out, /\/webhook\/authentication\/type: .*proves nothing/);
});

/* ---- greetings ---- */

story('a greeting is answered whatever methods the flow takes, counted as handshake and no event', async () => {
	const before = await w.one('SELECT count(*) FROM event_history');
	const good = await w.send('GET', '/in/acme?challenge=a%20b&token=let%20me%20in');
	assert.deepEqual([good.status, good.text, good.headers['content-type']], [200, 'a b', 'text/plain']);
	assert.equal(good.headers['x-content-type-options'], 'nosniff');
	assert.equal((await w.send('HEAD', '/in/acme')).status, 200);
	const wrong = await w.send('GET', '/in/acme?challenge=a&token=let%20me');
	assert.equal(wrong.status, 403);
	assert.doesNotMatch(wrong.text + await causes(), /let me in/);
	assert.equal((await w.send('GET', '/in/acme')).status, 405, 'a GET that is none');
	await waitFor('the count', async () => await w.one("SELECT sum(count) FROM daily_counts WHERE outcome = 'handshake' AND flow = 'acme'") >= 2);
	assert.equal(await w.one('SELECT count(*) FROM event_history'), before);
	assert.match((await w.send('GET', '/in/acme')).status + (await (await fetch(`http://127.0.0.1:${w.console}/metrics`)).text()), /outcome="handshake"/);
});

/* ---- what a flow takes from its system ---- */

story('a delivery id is known again where the file says so, and where the flow asks for it', async () => {
	const first = await signed('{"n":1}', { id: 'same' }), again = await signed('{"n":2}', { id: 'same' });
	assert.equal(again.json.event, first.json.event);
	assert.equal(again.headers['ringbolt-duplicate'], 'true');
	const push = id => w.post('/github', `{"id":"${Math.random()}"}`, {}).then(async () => {
		const body = JSON.stringify({ id, r: Math.random() });
		return w.post('/github', body, { 'X-GitHub-Delivery': id, 'X-Hub-Signature-256': `sha256=${hex(SECRET, body)}` });
	});
	const a = await push('d-1'), b = await push('d-1'), c = await push('d-2');
	assert.equal(a.json.event, b.json.event);
	assert.notEqual(a.json.event, c.json.event);
});

/* ---- the mistakes of others ---- */

story('a time from the future is refused as an old one is, and ISO 8601 is read as a date, not as a number', async () => {
	const now = Date.now();
	assert.equal((await signed('{}', { at: stamp(now - 200000) })).status, 202);
	assert.equal((await signed('{}', { at: new Date(now + 7200000).toISOString().replace('Z', '+02:00') })).status, 202, 'with an offset');
	for (const at of [stamp(now - 400000), stamp(now + 400000), '2026', String(Math.floor(now / 1000)), '0s', '', 'now', stamp(now).slice(0, 10)]) {
		assert.equal((await signed('{}', { at })).status, 401, `time ${at}`);
	}
});

story('seconds are not taken for milliseconds, nor milliseconds for seconds', async () => {
	const send = time => w.post('/ms', '{}', { 'X-Time': String(time), 'X-Sig': hex(SECRET, `${time}:`, '{}') });
	assert.equal((await send(Date.now())).status, 202);
	assert.equal((await send(Math.floor(Date.now() / 1000))).status, 401);
	assert.match(await causes(), /behind this server's clock/);
	const at = Date.now();
	const stripe = await w.post('/stripe', '{}', { 'Stripe-Signature': `t=${at},v1=${hex(SECRET, `${at}.`, '{}')}` });
	assert.equal(stripe.status, 401);
	assert.match(await causes(), /ahead of this server's clock/);
});

story('of two v1 signatures the first counts as much as the last; a v0 counts for nothing', async () => {
	const t = Math.floor(Date.now() / 1000), good = hex(SECRET, `${t}.`, '{}'), bad = hex('x', '{}');
	const send = header => w.post('/stripe', '{}', { 'Stripe-Signature': header }).then(got => got.status);
	assert.equal(await send(`t=${t},v1=${good},v1=${bad}`), 202);
	assert.equal(await send(`t=${t},v1=${bad},v1=${good}`), 202);
	assert.equal(await send(`t=${t}, v1=${good}`), 202);
	assert.equal(await send(`t=${t},v0=${good}`), 401);
	assert.equal(await send(`v1=${good}`), 401);
	assert.equal(await send(`t=${t},t=${t + 1},v1=${good}`), 401, 'two times are none');
});

story('a password may hold colons', async () => {
	const send = text => w.post('/basic', '{}', { Authorization: `Basic ${Buffer.from(text).toString('base64')}` }).then(got => got.status);
	assert.equal(await send('ada:a:pass:word'), 202);
	assert.equal(await send('ada:a'), 401);
	assert.equal(await send('ada:a:pass'), 401);
	assert.equal(await send(''), 401);
});

story('only the bytes that came are verified, never another form of them', async () => {
	const t = Math.floor(Date.now() / 1000), json = '{"a":"1"}', form = 'a=1';
	const sign = body => ({ 'X-Slack-Request-Timestamp': String(t), 'X-Slack-Signature': `v0=${hex(SECRET, `v0:${t}:`, body)}` });
	assert.equal((await w.post('/slack', form, { 'Content-Type': 'application/x-www-form-urlencoded', ...sign(json) })).status, 401);
	assert.equal((await w.post('/slack', '{"a": "1"}', sign(json))).status, 401);
	assert.equal((await w.post('/slack', json, sign(json))).status, 202);
});

story('a signature that is short, long, empty or begins rightly is refused, and says no more than its beginning', async () => {
	const body = '{"a":1}', at = stamp(Date.now()), good = hex(SECRET, at, body);
	const send = signature => w.post('/acme', body, { 'X-Acme-Time': at, 'X-Acme': signature });
	for (const bad of ['', good.slice(0, 62), `${good}00`, `${good.slice(0, 62)}zz`, good.slice(0, 32).padEnd(64, '0'), `0x${good}`]) {
		assert.equal((await send(bad)).status, 401, `signature "${bad}"`);
	}
	const wrong = hex('guess', at, body);
	assert.equal((await send(wrong)).status, 401);
	const cause = await causes();
	assert.match(cause, new RegExp(`begins ${wrong.slice(0, 8)}.*"first" gives ${good.slice(0, 8)} over ${at.length + body.length} bytes whose SHA-256 begins [0-9a-f]{8}`));
	assert.ok(!cause.includes(good.slice(0, 12)) && !cause.includes(wrong.slice(0, 12)) && !cause.includes(SECRET));
	const twice = await w.send('POST', '/in/acme', { body, headers: { 'X-Acme-Time': at, 'X-Acme': [good, good] } });
	assert.equal(twice.status, 401, 'a header that stands twice is none');
});

story('a public key is never taken for a shared secret', async () => {
	const t = Math.floor(Date.now() / 1000), body = '{}';
	const spki = 'MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=';
	for (const key of [spki, `whpk_${spki}`, `whpk/${spki}`, PUBLIC].flatMap(text => [text, Buffer.from(text, 'base64')])) {
		const mac = createHmac('sha256', key).update(`m.${t}.${body}`).digest('base64');
		for (const path of ['/standard', '/bare-key']) {
			const got = await w.post(path, body, { 'webhook-id': 'm', 'webhook-timestamp': String(t), 'webhook-signature': `v1,${mac}` });
			assert.equal(got.status, 401, `${path} with the public key as its secret`);
			assert.match(await causes(), /public key, which is never taken for a shared secret/);
		}
	}
});

story('a secret that is sent is kept nowhere, in header or query', async () => {
	const token = encodeURIComponent(SECRET);
	assert.equal((await w.post('/shown', '{}', { 'X-Token': SECRET })).status, 202);
	assert.equal((await w.post(`/shown?a=1&token=${token}`, '{}')).status, 202);
	assert.equal((await w.post('/shown', '{}', { 'X-Token': 'wrong' })).status, 401);
	assert.equal((await w.post('/shown', '{}')).status, 401);
	await w.ended();
	for (const table of ['requests', 'rejections', 'runs']) {
		assert.ok(!JSON.stringify(await w.sql(`SELECT * FROM ${table}`)).match(new RegExp(`${SECRET}|${token}`)), table);
	}
	assert.ok(!w.log().includes(SECRET));
});

story('a digest in the request must be that of its body, though the signature holds', async () => {
	const body = '{"a":1}', hash = createHash('sha256').update(body).digest('hex');
	const send = (url, bytes) => w.send('POST', url, { body: bytes, headers: { 'X-Sig': hex(SECRET, `http://127.0.0.1:${w.port}${url}`) } });
	assert.equal((await send(`/in/hashed?hash=${hash}`, body)).status, 202);
	assert.equal((await send(`/in/hashed?hash=${hash}`, '{"a":2}')).status, 401);
	assert.match(await causes(), /signature holds, but what it covers is not what was sent/);
	assert.equal((await send('/in/hashed', body)).status, 401);
});

story('without its secret a flow lets nobody in', async () => {
	await w.apply(by('bare', 'github', {}, { secret: 'never-set' }));
	const got = await w.post('/bare', '{}', { 'X-Hub-Signature-256': `sha256=${hex('x', '{}')}` });
	assert.equal(got.status, 401);
	assert.match(await causes(), /secret "never-set" is not set: ringbolt secret set never-set/);
});

/* ---- the manual ---- */

story('docs/systems.md is what `system docs` prints, and the file in it is a system', async () => {
	const drawn = await run(RINGBOLT, ['system', 'docs']);
	assert.equal(drawn.code, 0, drawn.err);
	assert.equal(readFileSync(join(ROOT, 'docs/systems.md'), 'utf8'), drawn.out, 'ringbolt system docs >docs/systems.md');
	const example = /^    \{\n[\s\S]*?^    \}$/m.exec(drawn.out)[0];
	const file = join(w.dir, 'acme.json');
	writeFileSync(file, example);
	const checked = await run(RINGBOLT, ['system', 'check', file]);
	assert.equal(checked.code, 0, checked.out);
});

story('what `system sign` prints can be given to a shell as it is', async () => {
	const body = `{"it's": "a 'quoted' body", "n": "\\n", "@": "@x"}`;
	const made = await run(RINGBOLT, ['system', 'sign', 'stripe', '--secret', '-', '--body', join(w.dir, 'body.json'),
		'--url', `http://127.0.0.1:${w.port}/in/stripe`], { input: SECRET });
	assert.equal(made.code, 1, 'the file is not there yet');
	writeFileSync(join(w.dir, 'body.json'), body);
	for (const args of [['--secret', '-', '--body', join(w.dir, 'body.json')], ['--secret', OTHER, '--body', '-']]) {
		const again = await run(RINGBOLT, ['system', 'sign', 'stripe', ...args, '--url', `http://127.0.0.1:${w.port}/in/stripe`],
			{ input: args.includes(OTHER) ? body : SECRET });
		assert.equal(again.code, 0, again.err);
		assert.doesNotMatch(again.out, new RegExp(`${SECRET}|${OTHER}`));
		const sent = await run('sh', ['-c', again.out]);
		assert.match(sent.out, /^HTTP\/1\.1 202/, sent.err);
		const { event } = JSON.parse(/\{.*\}/.exec(sent.out)[0]);
		assert.equal(await w.one(`SELECT body FROM event_requests WHERE id = ${event}`), body);
	}
	const old = await run(RINGBOLT, ['system', 'sign', 'stripe', '--secret', SECRET, '--at', '1h', '--body', '-', '--json'], { input: body });
	assert.match(JSON.parse(old.out).headers.find(([name]) => name === 'Stripe-Signature')[1], new RegExp(`^t=${Math.floor(Date.now() / 1000) - 3600}`.slice(0, -1)));
	const none = await run(RINGBOLT, ['system', 'sign', 'generic', '--secret', 'x']);
	assert.match(none.err, /proves nothing of itself/);
});

story('`flow test` runs over its system\'s sample, and --signed signs it and judges it as the server does', async () => {
	const file = w.writeFlow(by('tried', 'stripe'), 'tried');
	const plain = await w.do(['flow', 'test', file, '--json']);
	assert.deepEqual(JSON.parse(plain.out).steps[0].output, { id: 'evt_1NG8Du2eZvKYlo2CUI79vXWy', type: 'payment_intent.succeeded' });
	const got = await w.do(['flow', 'test', file, '--signed', '--json']);
	assert.match(got.err, /signed as stripe does, and accepted/);
	const sent = Object.fromEntries(JSON.parse(got.out).headers);
	const { t, v1 } = Object.fromEntries(sent['Stripe-Signature'].split(',').map(part => part.split('=')));
	assert.ok(Math.abs(t - Date.now() / 1000) < 60);
	assert.match(v1, /^[0-9a-f]{64}$/);
	const unset = await w.cli(['flow', 'test', w.writeFlow(by('unset', 'stripe', {}, { secret: 'never-set' })), '--signed']);
	assert.match(unset.err, /ringbolt secret set never-set/);
	const open = await w.cli(['flow', 'test', w.writeFlow(flow('other', seen)), '--signed']);
	assert.match(open.err, /authentication is "system"/);
});
