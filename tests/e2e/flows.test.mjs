// SPDX-License-Identifier: MIT
//
// flows: checking, applying, versions, publishing, conflicts, reload.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before } from 'node:test';
import { flow, map, respond } from './flows.mjs';
import { story } from './story.mjs';
import { RINGBOLT, World, few, kill, lines, run, waitFor } from './world.mjs';

let w;
before(async () => {
	w = await World.open({ flows: [flow('first', [respond(200, 'one')])], secrets: { known: 'x' } });
});
const USAGE = 2, REFUSED = 3;
/** check needs no server and no data directory. */
const check = async (...args) => {
	const got = await run(RINGBOLT, ['flow', 'check', ...args]);
	return { ...got, rows: () => lines(got.out) };
};

// A sound flow, and what is done to it: the pointers of the faults that must be found.
const sound = () => flow('sound', [
	map('m', { a: '{{ .body.a }}' }),
	{ name: 'route', type: 'switch', match: 'first', paths: [{ name: 'p', when: '{{ .steps.m.a > 1 }}', steps: [respond(200, 'p')] },
		{ name: 'otherwise', steps: [{ ...respond(200, 'o'), name: 'other' }] }] },
]);
const FAULTS = {
	'no name': [f => { delete f.name; }, '/name|^$'],
	'a name with capitals': [f => { f.name = 'Sound Flow'; }, '/name'],
	'no webhook': [f => { delete f.webhook; }, '/webhook|^$'],
	'no steps': [f => { delete f.steps; }, '/steps|^$'],
	'a word nobody knows': [f => { f.colour = 'red'; }, '/colour'],
	'a space in the suffix': [f => { f.webhook.url_suffix = '/item updated'; }, '/webhook/url_suffix'],
	'a suffix without its slash': [f => { f.webhook.url_suffix = 'orders'; }, '/webhook/url_suffix'],
	'one part name twice': [f => { f.webhook.url_suffix = '/{a}/{a}'; }, '/webhook/url_suffix'],
	'a method of no standard': [f => { f.webhook.methods = ['POST', 'FETCH']; }, '/webhook/methods/1'],
	'no methods': [f => { f.webhook.methods = []; }, '/webhook/methods'],
	'an unknown authentication': [f => { f.webhook.authentication = { type: 'magic' }; }, '/webhook/authentication/type'],
	'an authentication without its secret': [f => { f.webhook.authentication = { type: 'bearer' }; }, '/webhook/authentication(/secret)?'],
	'an unknown digest': [f => { f.webhook.authentication = { type: 'hmac', algorithm: 'crc32', header: 'X', encoding: 'hex', secret: 'known' }; }, '/webhook/authentication/algorithm'],
	'an unknown reply policy': [f => { f.webhook.reply = 'later'; }, '/webhook/reply'],
	'a deadline of no time': [f => { f.webhook.deadline_ms = -5; }, '/webhook/deadline_ms'],
	'a deadline in words': [f => { f.webhook.deadline_ms = 'soon'; }, '/webhook/deadline_ms'],
	'a dedupe key that needs jq': [f => { f.webhook.dedupe = { key: '{{ .body.a + 1 }}' }; }, '/webhook/dedupe/key'],
	'an unknown step': [f => { f.steps[0].type = 'teleport'; }, '/steps/0/type'],
	'a step without a type': [f => { delete f.steps[0].type; }, '/steps/0(/type)?'],
	'two steps of one name': [f => { f.steps[1].name = 'm'; }, '/steps/1/name'],
	'a parameter nobody knows': [f => { f.steps[0].vaule = 1; }, '/steps/0/vaule'],
	'a map without a value': [f => { delete f.steps[0].value; }, '/steps/0(/value)?'],
	'an expression that does not end': [f => { f.steps[0].value.a = '{{ .body.a'; }, '/steps/0/value/a'],
	'an expression of wrong jq': [f => { f.steps[0].value.a = '{{ .body | | 1 }}'; }, '/steps/0/value/a'],
	'an expression that reads the environment': [f => { f.steps[0].value.a = '{{ $ENV.HOME }}'; }, '/steps/0/value/a'],
	'an expression that calls env': [f => { f.steps[0].value.a = '{{ env.HOME }}'; }, '/steps/0/value/a'],
	'an expression that reads input': [f => { f.steps[0].value.a = '{{ [inputs] }}'; }, '/steps/0/value/a'],
	'a function of no jq': [f => { f.steps[0].value.a = '{{ .body | teleport }}'; }, '/steps/0/value/a'],
	'a secret where nothing leaves the house': [f => { f.steps[0].value.a = '{{ $secrets.known }}'; }, '/steps/0/value/a'],
	'a step that does not exist': [f => { f.steps[0].value.a = '{{ .steps.nobody.id }}'; }, '/steps/0/value/a'],
	'a step that comes later': [f => { f.steps[0].value.a = '{{ .steps.route }}'; }, '/steps/0/value/a'],
	'a part of the scope that does not exist': [f => { f.steps[0].value.a = '{{ .bdoy.a }}'; }, '/steps/0/value/a'],
	'an item outside of a loop': [f => { f.steps[0].value.a = '{{ .item.a }}'; }, '/steps/0/value/a'],
	'a status no response may have': [f => { f.steps[1].paths[0].steps[0].status = 302; }, '/steps/1/paths/0/steps/0/status'],
	'a switch without paths': [f => { f.steps[1].paths = []; }, '/steps/1/paths'],
	'an unknown match': [f => { f.steps[1].match = 'some'; }, '/steps/1/match'],
	'an unknown on_error': [f => { f.steps[0].on_error = 'shrug'; }, '/steps/0/on_error'],
	'a URL that is none': [f => { f.steps[0] = { name: 'm', type: 'http_request', method: 'GET', url: 'ftp://x' }; }, '/steps/0/url'],
	'a header with a line break in it': [f => { f.steps[1].paths[0].steps[0].headers = { 'X-A': 'a\r\nSet-Cookie: b' }; }, '/steps/1/paths/0/steps/0/headers.*'],
	'a header name that is none': [f => { f.steps[1].paths[0].steps[0].headers = { 'X A:': 'a' }; }, '/steps/1/paths/0/steps/0/headers.*'],
	'a retry without attempts': [f => { f.webhook.retry = { attempts: 0 }; }, '/webhook/retry/attempts'],
};

story('flow check says nothing wrong of a sound flow, and exits 0', async () => {
	const { code, out, err } = await check(w.writeFlow(sound(), '../sound'));
	assert.equal(code, 0, out + err);
});

for (const [what, [damage, pointer]] of Object.entries(FAULTS)) {
	story(`flow check finds ${what}, points at it and exits 3`, async () => {
		const document = sound();
		damage(document);
		const file = w.writeFlow(document, '../faulty');
		const { code, out, rows } = await check(file, '--json');
		assert.equal(code, REFUSED, out);
		const faults = rows().filter(row => row.kind === 'error');
		assert.ok(faults.some(row => new RegExp(`^(${pointer})$`).test(row.pointer)), `${pointer} is among ${out}`);
		for (const row of faults) assert.ok(row.text.length > 10, 'each says what is wrong');
		const people = await check(file);
		assert.equal(people.code, REFUSED);
		assert.ok((people.out + people.err).includes(faults[0].text), 'people are told the same');
	});
}

story('flow check finds all faults of a document, not only the first', async () => {
	const document = sound();
	for (const what of ['a space in the suffix', 'an unknown step', 'an unknown match']) FAULTS[what][0](document);
	const { rows } = await check(w.writeFlow(document, '../faulty'), '--json');
	const pointers = rows().map(row => row.pointer);
	for (const pointer of ['/webhook/url_suffix', '/steps/0/type', '/steps/1/match']) assert.ok(pointers.includes(pointer), `${pointer}: ${pointers}`);
});

story('what is no JSON is refused with line and column; a file that is not there is said by name', async () => {
	for (const text of ['{"name": "x",\n  "webhook": }', '', '[1]', '{"name": "a", "name": "b"}', 'ÿ']) {
		const got = await check(w.writeFlow(text, '../faulty'));
		assert.equal(got.code, REFUSED, text);
		assert.ok((got.out + got.err).length > 10);
	}
	const got = await check(w.writeFlow('{"name": "x",\n  "webhook": }', '../faulty'));
	assert.match(got.out + got.err, /line 2/);
	const missing = await check('/nonexistent/flow.json');
	assert.ok(missing.code === 1 || missing.code === REFUSED, `${missing.code}`);
	assert.match(missing.err, /\/nonexistent\/flow\.json/);
	assert.equal((await check()).code, USAGE);
});

story('a branch that ends without a reply is warned of by name, and the flow may still be applied', async () => {
	const document = flow('half', [{ name: 'route', type: 'switch', match: 'first', paths: [
		{ name: 'answered', when: '{{ .body.a }}', steps: [respond(200, 'a')] }, { name: 'forgotten', steps: [] }] }]);
	const { code, rows } = await check(w.writeFlow(document, '../half'), '--json');
	assert.equal(code, 0);
	assert.ok(rows().some(row => row.kind === 'warning' && /repl|response/.test(row.text) && /forgotten|\/steps\/0\/paths\/1/.test(row.text + row.pointer)), JSON.stringify(rows()));
});

story('a flow listens as soon as apply has returned, while others are being read', async () => {
	for (let round = 0; round < few(15); round++) {
		const names = ['a', 'b', 'c'].map(name => `fresh-${round}-${name}`);
		await w.do(['flow', 'apply', ...names.map(name => w.writeFlow(flow(name, [map('m', 1)]), `../${name}`))]);
		const answers = await Promise.all(names.map(name => w.post(`/${name}`, '{}')));
		assert.deepEqual(answers.map(answer => answer.status), [202, 202, 202], `round ${round}`);
	}
});

story('applying a faulty file changes nothing', async () => {
	const dump = () => Promise.all(['flow_versions', 'flows', 'routes'].map(table => w.sql(`SELECT * FROM ${table}`))).then(JSON.stringify);
	const before = await dump();
	const good = w.writeFlow(flow('newcomer', [map('m', 1)]), '../newcomer');
	const faulty = sound();
	faulty.steps[0].type = 'teleport';
	const got = await w.cli(['flow', 'apply', good, w.writeFlow(faulty, '../faulty')]);
	assert.equal(got.code, REFUSED);
	assert.match(got.out + got.err, /\/steps\/0\/type/);
	assert.equal(await dump(), before, 'not even the sound one beside it');
	assert.equal((await w.post('/newcomer', {})).status, 404);
});

story('each change is a version; the same document again is none; an old one can be published', async () => {
	const versions = () => w.one("SELECT count(*) FROM flow_versions v JOIN flows f ON f.id = v.flow_id WHERE f.name = 'versions'");
	const text = n => flow('versions', [respond(200, `v${n}`)]);
	const answers = expected => waitFor(`the answer ${expected}`, async () => (await w.post('/versions', {})).text === expected, 3000);
	for (const n of [1, 2, 3]) {
		await w.apply(text(n));
		await answers(`v${n}`);
	}
	await w.apply(text(3));
	assert.equal(await versions(), 3);
	await w.do(['flow', 'publish', 'versions', '1']);
	await answers('v1');
	assert.equal(await versions(), 3);
	const row = (await w.do(['flow', 'list', '--json'])).rows().find(flow => flow.name === 'versions');
	assert.deepEqual([row.version, row.latest], [1, 3]);
	assert.match((await w.do(['flow', 'show', 'versions'])).out, /v1/);
	const none = await w.cli(['flow', 'publish', 'versions', '9']);
	assert.equal(none.code, 1, 'there is no version 9');
	assert.match(none.err, /versions/);
	const ran = await w.sql("SELECT DISTINCT version FROM run_history WHERE flow = 'versions' ORDER BY version");
	assert.deepEqual(ran.map(row => row.version), [1, 2, 3], 'each run names the version it ran');
});

story('a suffix that belongs to another flow is refused by that name', async () => {
	for (const url_suffix of ['/first', '/{anything}']) {
		const owner = url_suffix === '/first' ? 'first' : 'catcher';
		if (owner === 'catcher') await w.apply(flow('catcher', [respond(200, 'caught')], { url_suffix: '/{what}' }));
		const got = await w.cli(['flow', 'apply', w.writeFlow(flow('thief', [respond(200, 'x')], { url_suffix }), '../thief')]);
		assert.ok(got.code === 1 || got.code === REFUSED, `${got.code}`);
		assert.match(got.err + got.out, new RegExp(`"?${owner}"?`));
	}
	assert.equal((await w.post('/first', {})).text, 'one');
	assert.equal(await w.one("SELECT count(*) FROM flow_versions v JOIN flows f ON f.id = v.flow_id WHERE f.name = 'thief'"), 0);
});

story('SIGHUP reads the folder again; a faulty file keeps the published version', async () => {
	const answers = expected => waitFor(`the answer ${expected}`, async () => (await w.post('/first', {})).text === expected, 4000);
	w.writeFlow(flow('first', [respond(200, 'two')]));
	w.writeFlow(flow('added', [respond(200, 'added')]));
	kill(w.server.pid, 'SIGHUP');
	await answers('two');
	await waitFor('the new flow', async () => (await w.post('/added', {})).text === 'added', 4000);
	const bad = flow('first', [respond(200, 'three')]);
	bad.steps[0].status = 302;
	w.writeFlow(bad);
	w.writeFlow(flow('added', [respond(200, 'more')]));
	kill(w.server.pid, 'SIGHUP');
	await waitFor('the sound file beside it', async () => (await w.post('/added', {})).text === 'more', 4000);
	await answers('two');
	assert.match(w.log(), /first/, 'the log names the flow');
	assert.match(w.log(), /\/steps\/0\/status/, 'and points at the fault');
});

story('a server starts with a faulty file in its folder and keeps what was published', async () => {
	writeFileSync(join(w.flows, 'broken.json'), '{"name": "broken"');
	await w.stop();
	await w.start();
	assert.equal((await w.post('/first', {})).text, 'two');
	assert.equal((await w.post('/added', {})).text, 'more');
	assert.match(w.log(), /broken\.json/);
});

story('flow test runs a flow over a request without keeping anything', async () => {
	const events = await w.one('SELECT count(*) FROM event_history');
	const file = w.writeFlow(flow('dry', [map('m', { twice: '{{ .body.n * 2 }}' }), respond(200, { twice: '{{ .steps.m.twice }}' })]), '../dry');
	const got = await w.cli(['flow', 'test', file, '--body', '-'], { input: '{"n": 21}' });
	assert.equal(got.code, 0, got.err);
	assert.match(got.out, /42/);
	assert.equal(await w.one('SELECT count(*) FROM event_history'), events);
});

story('a misspelt key is named in the run of a worker and in flow test in the same words', async () => {
	const document = flow('typo', [map('order', { mail: '{{ .body.custmer.email | ascii_downcase }}' })], { reply: 'accepted' });
	const hiding = flow('hiding', [map('m', '{{ .headers.authorization.number }}')], { reply: 'accepted' });
	await w.do(['flow', 'apply', w.writeFlow(document), w.writeFlow(hiding)]);
	const live = await w.ended((await w.post('/typo', { customer: { email: 'A@x.example' } })).json.event);
	assert.equal(live.error, 'flow "typo": step "order": value.mail: {{ .body.custmer.email | ascii_downcase }}: '
		+ 'explode input must be a string; column 9: no "custmer" in .body; did you mean "customer"?');
	const dry = await w.cli(['flow', 'test', w.writeFlow(document, '../typo'), '--body', '-'], { input: '{"customer": {"email": "A@x.example"}}' });
	assert.ok(dry.err.includes(live.error), dry.err);
	const hidden = await w.ended((await w.post('/hiding', {}, { Authorization: 'Bearer planted' })).json.event);
	assert.match(hidden.error, /Cannot index string with "number"; column 4: .headers.authorization is string \("\[redacted\]"\)$/);
});
