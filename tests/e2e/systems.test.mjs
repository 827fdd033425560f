// SPDX-License-Identifier: MIT
//
// systems: every system file of schema/systems/ against its cases in tests/systems/, which sign as the
// sender does, by other code than ours: node:crypto or the sender's own package. What a case says can be
// tested of it is tested of all.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { flow, map } from './flows.mjs';
import { story } from './story.mjs';
import { RINGBOLT, ROOT, World, run } from './world.mjs';

const FILES = join(ROOT, 'schema/systems'), CASES = join(ROOT, 'tests/systems');
const ONLY = process.env.SYSTEM; // SYSTEM=stripe runs one

const files = Object.fromEntries(readdirSync(FILES).filter(name => name.endsWith('.json'))
	.map(name => [name.slice(0, -5), JSON.parse(readFileSync(join(FILES, name)))]));
const cases = [];
for (const name of readdirSync(CASES).filter(one => one.endsWith('.case.mjs')).sort()) {
	const id = name.slice(0, -'.case.mjs'.length);
	const { default: c } = await import(join(CASES, name));
	const system = c.system ?? id;
	if (!ONLY || ONLY === id || ONLY === system) cases.push({ ...c, id, system, file: files[system] });
}

const words = id => id.replaceAll('_', '-');
const pasted = secret => secret?.secret ?? secret;
const proven = c => c.secret && c.sign;

/** The values a case gives for settings: names of secrets where they are secrets. */
function settingsOf(c) {
	const out = {};
	for (const [name, value] of Object.entries(c.settings ?? {})) {
		out[name] = value?.secret !== undefined ? `${words(c.id)}-${name.replaceAll('_', '-')}` : value;
	}
	return out;
}

function flowOf(c, suffix, more = {}) {
	const settings = settingsOf(c);
	const authentication = proven(c) ? {
		type: 'system', secret: c.names, ...(c.scheme ? { scheme: c.scheme } : {}),
		...(Object.keys(settings).length ? { settings } : {}),
	} : c.authentication ?? { type: 'none' };
	return flow(suffix, [map('seen', { id: '{{ .event.delivery_id }}', type: '{{ .event.type }}', system: '{{ .event.system }}' })], {
		system: c.system, methods: ['POST', 'GET', 'PUT'], authentication, dedupe: false, ...more,
	});
}

let w;
before(async () => {
	const flows = [], secrets = {};
	for (const c of cases) {
		const name = words(c.id);
		if (!c.file) continue;
		if (proven(c)) {
			c.first = c.secret();
			c.second = c.secret();
			c.names = [`${name}-first`, `${name}-second`];
			secrets[c.names[0]] = pasted(c.first);
			secrets[c.names[1]] = pasted(c.second);
		}
		for (const [setting, value] of Object.entries(c.settings ?? {})) {
			if (value?.secret !== undefined) secrets[settingsOf(c)[setting]] = value.secret;
		}
		flows.push(flowOf(c, name));
		if (c.handshakes?.some(h => h.learns)) {
			const learns = flowOf(c, `${name}-learns`);
			learns.webhook.authentication = { ...learns.webhook.authentication, secret: `${name}-learnt` };
			flows.push(learns);
		}
	}
	w = await World.open({ flows, start: false });
	await Promise.all(Object.entries(secrets).map(([name, value]) => w.do(['secret', 'set', name], { input: value })));
	await w.start();
});

/* ---- one delivery ---- */

const urlOf = (c, query, suffix = words(c.id)) => `http://127.0.0.1:${w.port}/in/${suffix}${query ? `?${query}` : ''}`;
const queryOf = sample => new URLSearchParams(sample?.query ?? {}).toString();

function bodyOf(c) {
	const given = c.body ?? c.file.sample?.text ?? c.file.sample?.body ?? {};
	return Buffer.isBuffer(given) ? given : Buffer.from(typeof given === 'string' ? given : JSON.stringify(given));
}

/** What the case would send: {method, query, headers, body}, with the sample's headers beneath it. */
async function delivery(c, { secret = c.first, body = bodyOf(c), at = Date.now(), sign = c.sign } = {}) {
	const sample = c.file.sample ?? {}, method = c.method ?? sample.method ?? 'POST', query = c.query ?? queryOf(sample);
	const given = secret?.map ? secret.map(s => s) : secret;
	const signed = await sign({ secret: given, body, at, url: urlOf(c, query), method, scheme: c.scheme });
	const lower = Object.fromEntries(Object.keys(signed.headers ?? {}).map(name => [name.toLowerCase(), true]));
	const base = Object.fromEntries(Object.entries({ 'Content-Type': 'application/json', ...sample.headers })
		.filter(([name]) => !lower[name.toLowerCase()]));
	const types = Object.keys(base).filter(name => name.toLowerCase() === 'content-type');
	if (types.length > 1) delete base[types[0]];
	return {
		method: signed.method ?? method, query: signed.query ?? query, headers: { ...base, ...signed.headers },
		body: signed.body ?? body,
	};
}
function send(c, d, suffix = words(c.id)) {
	const headers = { ...d.headers };
	if (Object.keys(headers).some(name => name.toLowerCase() === 'host')) delete headers.Host;
	const bare = d.method === 'GET' || d.method === 'HEAD' || d.method === 'OPTIONS';
	return w.send(d.method, `/in/${suffix}${d.query ? `?${d.query}` : ''}`, { headers, body: bare && !d.body?.length ? undefined : d.body ?? '' });
}
const causeOf = async () => (await w.sql('SELECT cause FROM rejected_requests ORDER BY id DESC LIMIT 1'))[0]?.cause;

/** What a stored delivery is answered with: 202, or where the sender takes that for a failure what it does take. */
function thanks(c) {
	const takes = status => !c.file.reply?.success || c.file.reply.success.some(range => {
		const [from, to = from] = String(range).split('-').map(Number);
		return status >= from && status <= to;
	});
	return [202, 200, 204].find(takes);
}

async function accepted(c, d, what) {
	const got = await send(c, d);
	assert.equal(got.status, thanks(c), `${what}: ${got.status} ${got.text}: ${got.status < 300 ? '' : await causeOf()}`);
	const event = +got.headers['ringbolt-event'];
	assert.equal(await w.one(`SELECT status FROM event_history WHERE id = ${event}`), got.status);
	return event;
}
async function refused(c, d, what) {
	const got = await send(c, d);
	assert.equal(got.status, 401, `${what} is refused`);
	assert.equal(got.headers['ringbolt-event'], undefined);
	const cause = await causeOf();
	for (const one of [c.first, c.second].flat()) {
		const secret = pasted(one);
		if (typeof secret === 'string' && secret.length > 8) assert.ok(!cause.includes(secret), `the cause of "${what}" holds no secret`);
	}
	return cause;
}

/** What a case does not say of id and type is not asked: nobody has confirmed it. */
function sees(c, seen) {
	assert.equal(seen.system, c.system);
	if (c.event && 'delivery_id' in c.event) assert.equal(seen.id, c.event.delivery_id);
	if (c.event && 'type' in c.event) assert.equal(seen.type, c.event.type);
}

/** A text changed in the middle, so that its form stays what it was. */
function spoil(text) {
	const at = Math.floor(text.length * 2 / 3);
	for (let i = at; i < text.length; i++) {
		if (/[0-9A-Za-z]/.test(text[i])) return text.slice(0, i) + (text[i] === 'b' ? 'c' : 'b') + text.slice(i + 1);
	}
	return `${text}x`;
}

for (const c of cases) {
	const say = what => `${c.id}: ${what}`;
	if (!c.file) {
		test(say('has a system file'), () => assert.fail(`schema/systems/${c.system}.json is missing`));
		continue;
	}
	if (proven(c)) {
		story(say('a delivery signed by the sender is taken; a flow sees its id and type'), async () => {
			const id = await accepted(c, await delivery(c), 'a good delivery');
			await w.ended(id);
			const seen = JSON.parse(await w.one(`SELECT output FROM step_history WHERE event = ${id} AND step = 'seen'`));
			sees(c, seen);
			for (const more of c.also ?? []) await accepted(c, await delivery(c, { sign: more.sign ?? c.sign, ...(more.body ? { body: Buffer.from(more.body) } : {}) }), more.name);
		});

		story(say('another secret, no signature, a changed one are refused, each with its cause'), async () => {
			const good = await delivery(c), stranger = c.secret();
			assert.ok((await refused(c, await delivery(c, { secret: stranger }), 'a stranger')).length > 20);
			const unsigned = await delivery(c, { sign: () => ({ headers: {} }) });
			const none = await refused(c, unsigned, 'a delivery without its signature');
			assert.ok(none.length > 10, none);
			const changed = Object.entries(good.headers).filter(([name, value]) => value !== unsigned.headers[name]);
			if (c.file.schemes.some(s => s.type !== 'shared_secret' && s.type !== 'basic') && changed.length) {
				const longest = changed.sort((a, b) => String(b[1]).length - String(a[1]).length)[0];
				await refused(c, { ...good, headers: { ...good.headers, [longest[0]]: spoil(String(longest[1])) } }, `a changed ${longest[0]}`);
			}
		});

		story(say('while a secret is changed both are good, and a third is not'), async () => {
			await accepted(c, await delivery(c, { secret: c.first }), 'the first secret');
			await accepted(c, await delivery(c, { secret: c.second }), 'the second secret');
			await refused(c, await delivery(c, { secret: c.secret() }), 'a third secret');
		});

		if (c.multi) {
			story(say('of two signatures in one delivery either may be ours, in either order'), async () => {
				const other = c.secret();
				await accepted(c, await delivery(c, { secret: [other, c.first] }), 'ours last');
				await accepted(c, await delivery(c, { secret: [c.first, other] }), 'ours first');
				await refused(c, await delivery(c, { secret: [other, c.secret()] }), 'neither');
			});
		}

		for (const wrong of c.never ?? []) {
			story(say(`${wrong.name} is refused`), async () => {
				await refused(c, await delivery(c, { sign: wrong.sign }), wrong.name);
			});
		}

		const signs = c.file.schemes.some(s => !['shared_secret', 'basic'].includes(s.type));
		if (signs && c.coversBody !== false && bodyOf(c).length > 1 && (c.method ?? c.file.sample?.method ?? 'POST') !== 'GET') {
			story(say('a body that was cut short, or has one byte more, is refused'), async () => {
				const good = await delivery(c);
				if (!good.body?.length) return;
				await refused(c, { ...good, body: good.body.subarray(0, -1) }, 'a truncated body');
				await refused(c, { ...good, body: Buffer.concat([good.body, Buffer.from(' x')]) }, 'a longer body');
			});
		}

		const tolerance = c.tolerance_s ?? Math.max(0, ...c.file.schemes
			.filter(s => !c.scheme || s.name === c.scheme).map(s => s.tolerance_s ?? (s.type === 'jwt' ? s.max_age_s ?? 0 : 0)));
		const limited = c.file.schemes.some(s => s.tolerance_s && s.timestamp);
		if (c.timestamped && tolerance && limited) {
			story(say(`a time within ${tolerance} s is taken, older and future ones are not`), async () => {
				const now = Date.now(), within = Math.min(tolerance * 1000 - 2000, tolerance * 900);
				await accepted(c, await delivery(c, { at: now - within }), 'a little old');
				await accepted(c, await delivery(c, { at: now + within }), 'a little early');
				const stale = await refused(c, await delivery(c, { at: now - tolerance * 1000 - 30000 }), 'a stale delivery');
				const future = await refused(c, await delivery(c, { at: now + tolerance * 1000 + 30000 }), 'a delivery from the future');
				assert.match(stale, /behind/);
				assert.match(future, /ahead/);
			});
		}

		const bodies = { empty: Buffer.alloc(0), binary: Buffer.from([0, 255, 254, 10, 13, 0, 128, 39, 34, 123]) };
		for (const [kind, body] of Object.entries(bodies)) {
			if (c.bodies?.[kind] === false || (c.file.body ?? 'any') === 'form') continue;
			story(say(`a body that is ${kind} is verified as it is`), async () => {
				const id = await accepted(c, await delivery(c, { body }), `${kind} body`);
				assert.equal(await w.one(`SELECT hex(body_raw) FROM event_requests WHERE id = ${id}`), body.toString('hex').toUpperCase());
			});
		}

		story(say('what `system sign` makes is taken, and its sender\'s own check agrees'), async () => {
			const key = c.first.signer ? c.first.signer.export?.({ type: 'pkcs8', format: 'pem' }) ?? c.first.signer : pasted(c.first);
			if (typeof key !== 'string') return;
			const body = c.method === 'GET' ? Buffer.alloc(0) : bodyOf(c), url = urlOf(c, c.query ?? queryOf(c.file.sample));
			const settings = Object.entries(c.settings ?? {}).flatMap(([name, value]) => ['--setting', `${name}=${value?.secret ?? value}`]);
			const made = await run(RINGBOLT, ['system', 'sign', c.system, `--secret=${key}`, '--url', url, '--json', '--body', '-',
				...settings, ...(c.scheme ? ['--scheme', c.scheme] : []), ...(c.method ? ['--method', c.method] : [])], { input: body });
			if (/puts its signature into the body/.test(made.err)) return;
			assert.equal(made.code, 0, made.err);
			const got = JSON.parse(made.out), at = new URL(got.url);
			const d = { method: got.method, query: at.search.slice(1), headers: Object.fromEntries(got.headers), body };
			await accepted(c, d, `system sign ${c.system}`);
			// Of several schemes ours may be another than the case's; a token's further claims are the case's own.
			const one = c.file.schemes.length === 1 && c.file.schemes[0].type !== 'jwt' && c.id === c.system;
			if (c.judge && one) assert.ok(await c.judge({ ...d, url: got.url }, c.first), 'the sender\'s own check');
		});

		if (c.judge) {
			story(say('the sender\'s own check agrees with the case'), async () => {
				const d = await delivery(c);
				assert.ok(await c.judge({ ...d, url: urlOf(c, d.query) }, c.first));
			});
		}
	} else {
		story(say('its sample is taken; a flow sees its id and type'), async () => {
			const d = await delivery(c, { sign: c.sign ?? (() => ({ headers: {} })) });
			const id = await accepted(c, d, 'the sample');
			await w.ended(id);
			const seen = JSON.parse(await w.one(`SELECT output FROM step_history WHERE event = ${id} AND step = 'seen'`));
			sees(c, seen);
		});
	}

	for (const [i, h] of (c.handshakes ?? []).entries()) {
		story(say(`handshake ${h.name}${i ? ` (${i + 1})` : ''} is answered, counted and no event`), async () => {
			const suffix = h.learns ? `${words(c.id)}-learns` : words(c.id);
			const secret = h.learns ? c.secret() : c.first;
			const settings = Object.fromEntries(Object.entries(c.settings ?? {}).map(([name, value]) => [name, value?.secret ?? value]));
			const context = { secret, settings, url: urlOf(c, '', suffix), sign: c.sign, port: w.port };
			const before = await w.one('SELECT count(*) FROM event_history');
			if (h.request && h.reply) {
				const request = await h.request(context);
				const got = await send(c, request, suffix);
				assert.equal(got.status, h.reply.status, `${got.status} ${got.text}: ${got.status === h.reply.status ? '' : await causeOf()}`);
				for (const [name, value] of Object.entries(h.reply.headers ?? {})) {
					assert.equal(String(got.headers[name.toLowerCase()] ?? '').split(';')[0], String(value).split(';')[0], name);
				}
				const text = Object.assign(new String(got.text), { body: got.text, status: got.status, headers: got.headers });
				if (typeof h.reply.body === 'function') assert.notEqual(await h.reply.body(text, context), false, `the body: ${got.text}`);
				else if (h.reply.body !== undefined) assert.equal(got.text, h.reply.body);
				if (h.learns) {
					await accepted({ ...c, id: suffix }, await delivery(c, { secret }), 'a delivery signed with what was learnt');
					const other = await send(c, await h.request({ ...context, secret: c.secret() }), suffix);
					assert.equal(other.status, 403, 'another secret is not learnt in its place');
				}
			}
			if (h.refused) {
				const { status, ...request } = await h.refused(context);
				const got = await send(c, request, suffix);
				assert.equal(got.status, status, `${got.text}: ${await causeOf()}`);
			}
			assert.equal(await w.one('SELECT count(*) FROM event_history') - before, h.learns ? 1 : 0, 'no event was made');
		});
	}
}

test('every system file has a case, and every case a file', () => {
	if (ONLY) return;
	const told = new Set(cases.map(c => c.system));
	assert.deepEqual(Object.keys(files).filter(name => !told.has(name)), []);
});
