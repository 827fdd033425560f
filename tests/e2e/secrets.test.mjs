// SPDX-License-Identifier: MIT
//
// secrets: what was planted is searched for, after traffic and failures of every kind, in the
// database and its log, in the server's log, in what commands print, and in the memory of the
// processes that have no use for it.

import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync, readSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before } from 'node:test';
import { call, flow, map, respond } from './flows.mjs';
import { Destination } from './http.mjs';
import { story } from './story.mjs';
import { World, kill, waitFor } from './world.mjs';

// Written in two parts each, so that no source file on its way through memory counts.
const plant = name => `plant-${name}-${'q7Zt4mXw9Lk2'.split('').reverse().join('')}`;
/** What only workers need. */
const CALLS = { crm: plant('crm'), erp: plant('erp'), inline: plant('inline'), sign: plant('sign') };
/** What the front needs, to know its callers. */
const DOORS = { door: plant('door'), bearer: plant('bearer'), basic: plant('basic'), queried: plant('queried') };
/** What callers bring to doors that do not ask for it, or of another house. */
const BROUGHT = { authorization: plant('authorization'), cookie: plant('cookie'), wrong: plant('wrong'), lost: plant('lost'), fields: plant('fields') };
const TOKEN = plant('token'); // what the other system gives
const ENVIRONMENT = plant('environment');

let w, system, tokens = 0, printed = '';
const shapes = secret => [secret, ...[0, 1, 2].map(n => Buffer.from('\0'.repeat(n) + secret).toString('base64').slice(n ? 4 : 0, -4)),
	Buffer.from(secret).toString('hex')];

/** Says back whatever it was sent, in every way an answer has. */
const echo = request => {
	const all = JSON.stringify(request.headers) + request.url + request.text;
	if (request.url.startsWith('/token')) return { body: { access_token: `${TOKEN}-${++tokens}`, token_type: 'Bearer', expires_in: 3600 } };
	if (request.url.startsWith('/refuse')) return { status: 500, body: { error: `bad key in ${all}` } };
	if (request.url.startsWith('/moved')) return { status: 302, headers: { Location: `${system.url}/echo?again=${CALLS.inline}` } };
	return { body: { headers: request.headers, url: request.url, text: request.text }, headers: { 'X-Echo': request.headers.authorization ?? 'none' } };
};

before(async () => {
	system = await Destination.open(echo);
	const secret = '{{ $secrets.inline }}';
	const told = name => respond(200, { got: `{{ .steps.${name} }}` });
	w = await World.open({
		workers: '1:1', secrets: { ...CALLS, ...DOORS }, start: false, env: { RINGBOLT_SECRET_ENVIRONMENT: ENVIRONMENT },
		flows: [
			flow('echo', [{ ...call('c', 'POST', '/echo', { body: { key: secret, all: '{{ .headers }}' }, query: { k: secret }, headers: { 'X-Key': secret } }), connection: 'crm' },
				told('c')]),
			flow('token', [{ ...call('c', 'GET', '/echo'), connection: 'erp' }, told('c')]),
			flow('signed', [{ ...call('c', 'POST', '/echo', { raw: 'text' }), connection: 'partner' }, told('c')]),
			flow('refused', [{ ...call('c', 'POST', '/refuse', { body: secret }), connection: 'crm', retry: { attempts: 2, pause_ms: 1 } }, respond(200, 'never')],
				{ retry: { attempts: 2, first_ms: 1 } }),
			flow('handled', [{ ...call('c', 'POST', `${system.url}/refuse`, { form: { k: secret } }), on_error: [map('why', '{{ .steps.error }}')] }, told('why')]),
			flow('moved', [call('c', 'GET', `${system.url}/moved?k={{ $secrets.inline | @uri }}`, { redirects: 1 }), told('c')]),
			flow('broken', [call('c', 'POST', system.url, { body: '{{ $secrets.inline | tonumber }}' }), respond(200, 'never')]),
			flow('unreachable', [call('c', 'GET', 'http://127.0.0.1:1/{{ $secrets.inline }}'), respond(200, 'never')]),
			flow('from-environment', [call('c', 'POST', `${system.url}/echo`, { body: '{{ $secrets.environment }}' }), told('c')]),
			flow('open', [map('m', '{{ . }}')], { redact: { headers: ['X-Field'], query: ['field'], body: ['.body.field'] } }),
			flow('key', [map('m', '{{ . }}')], { authentication: { type: 'api_key', secret: 'door' } }),
			flow('query', [map('m', '{{ . }}')], { authentication: { type: 'api_key', in: 'query', name: 'key', secret: 'queried' } }),
			flow('bearer', [map('m', '{{ . }}')], { authentication: { type: 'bearer', secret: 'bearer' }, dedupe: { key: '{{ .headers.authorization }}' } }),
			flow('basic', [map('m', '{{ . }}')], { authentication: { type: 'basic', user: 'shop', secret: 'basic' } }),
		],
	});
	const connection = (name, document) => {
		writeFileSync(join(w.dir, `${name}.json`), JSON.stringify(document));
		return w.do(['connection', 'set', name, join(w.dir, `${name}.json`)]);
	};
	await connection('crm', { base_url: `${system.url}`, authentication: { type: 'bearer', secret: 'crm' } });
	await connection('erp', { base_url: system.url, authentication: { type: 'oauth2_client_credentials', token_url: `${system.url}/token`, client_id: 'me', secret: 'erp' } });
	await connection('partner', { base_url: system.url, authentication: { type: 'hmac', header: 'X-Signature', secret: 'sign' } });
	await w.start();
});

/** look asserts that none of the secrets is in the bytes, in any shape. */
function look(secrets, bytes, where) {
	for (const secret of secrets) {
		for (const shape of shapes(secret)) {
			const at = bytes.indexOf(shape);
			assert.ok(at < 0, `${shape} (of ${secret}) is in ${where}: ${JSON.stringify(bytes.slice(Math.max(0, at - 120), at + 120))}`);
		}
	}
}

const basic = password => `Basic ${Buffer.from(`shop:${password}`).toString('base64')}`;
story('traffic comes in, goes out, fails, is refused, echoed and replayed', async () => {
	for (const name of ['echo', 'token', 'signed', 'handled', 'moved', 'from-environment']) {
		const got = await w.post(`/${name}`, { n: 1 }, { Authorization: `Bearer ${BROUGHT.authorization}`, Cookie: `session=${BROUGHT.cookie}` });
		assert.equal(got.status, 200, `${name}: ${got.text}`);
		look([...Object.values(CALLS), ENVIRONMENT, TOKEN, BROUGHT.authorization], got.text + JSON.stringify(got.rawHeaders), `the reply of ${name}`);
	}
	for (const name of ['refused', 'broken', 'unreachable']) assert.equal((await w.post(`/${name}`, { n: 1 })).status, 500, name);
	assert.ok(system.calls.some(c => c.headers.authorization === `Bearer ${CALLS.crm}`) && system.calls.some(c => c.text.includes(ENVIRONMENT)));
	const { field = BROUGHT.fields } = {};
	assert.equal((await w.post(`/open?field=${field}`, { field }, { 'X-Field': field, Authorization: basic(BROUGHT.authorization) })).status, 202);
	for (const [path, headers, status] of [
		['/key', { 'X-API-Key': DOORS.door }, 202], ['/key', { 'X-API-Key': BROUGHT.wrong }, 401], ['/key', { Authorization: `Bearer ${BROUGHT.wrong}` }, 401],
		[`/query?key=${DOORS.queried}`, {}, 202], [`/query?key=${BROUGHT.wrong}`, {}, 401], ['/query', { 'X-API-Key': BROUGHT.lost }, 401],
		['/bearer', { Authorization: `Bearer ${DOORS.bearer}` }, 202], ['/bearer', { Authorization: `Bearer ${BROUGHT.wrong}` }, 401],
		['/basic', { Authorization: basic(DOORS.basic) }, 202], ['/basic', { Authorization: basic(BROUGHT.wrong) }, 401],
		['/no-such-door', { 'X-API-Key': BROUGHT.lost, 'X-Auth-Token': BROUGHT.lost, Authorization: BROUGHT.lost }, 404],
	]) assert.equal((await w.post(path, {}, headers)).status, status, path);
	await w.ended();
	await w.do(['replay', '--flow', 'refused', '--state', 'failed']);
	await w.ended();
	const [{ pid }] = w.children('worker');
	kill(pid, 'SIGKILL');
	await waitFor('another worker', () => w.children('worker').some(p => p.pid !== pid));
	for (const name of ['echo', 'token', 'signed']) assert.equal((await w.post(`/${name}`, { n: 2 })).status, 200);
	await w.ended();
});

const all = () => [...Object.values(CALLS), ...Object.values(DOORS), ...Object.values(BROUGHT), TOKEN, ENVIRONMENT];
story('no planted secret is in the database, its log, the server log, a backup or what commands print', async () => {
	const say = async args => {
		const got = await w.cli(args);
		printed += got.out + got.err;
	};
	for (const { id } of await w.sql('SELECT id FROM event_history')) {
		for (const args of [['event', 'show', id], ['event', 'request', id], ['flow', 'learn', 'echo', '--event', id]]) await say(args.map(String));
	}
	await say(['flow', 'test', 'echo']);
	await say(['flow', 'test', 'refused', '--call', '--allow-destinations', '127.0.0.0/8']);
	await say(['flow', 'test', 'echo', '--call', '--allow-destinations', '127.0.0.0/8', '--json']);
	for (const args of [['event', 'list', '--json'], ['event', 'rejected', '--json'], ['flow', 'list'], ['flow', 'show', 'echo'], ['connection', 'list'],
		['connection', 'show', 'erp'], ['secret', 'list'], ['replay', 'list'], ['replay', 'show', '1'], ['doctor'], ['backup', join(w.dir, 'copy')]]) await say(args);
	for (const view of ['event_history', 'event_requests', 'run_history', 'step_history', 'failed_events', 'rejected_requests']) {
		printed += JSON.stringify(await w.sql(`SELECT * FROM ${view}`));
	}
	for (const [name, bytes] of [['what commands print', printed], ['the server log', w.log()],
		...readdirSync(w.data).map(file => [file, readFileSync(join(w.data, file), 'latin1')]),
		['the backup', readFileSync(join(w.dir, 'copy'), 'latin1')]]) look(all(), bytes, name);
	assert.ok(printed.includes('[secret crm]') && printed.includes('[secret inline]') && printed.includes('[redacted]'), 'there was something to mask');
});

/** memory of a process, as far as it can be read, as one text. */
function memory(pid) {
	const parts = [], fd = openSync(`/proc/${pid}/mem`, 'r');
	for (const line of readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
		const [, from, to, rights, name] = line.match(/^(\w+)-(\w+) (\S+) \S+ \S+ \d+ *(.*)$/) ?? [];
		if (!rights?.startsWith('rw') || name === '[vvar]') continue;
		for (let at = BigInt(`0x${from}`); at < BigInt(`0x${to}`);) {
			const left = BigInt(`0x${to}`) - at, part = Buffer.alloc(Number(left < 1048576n ? left : 1048576n));
			try {
				const n = readSync(fd, part, 0, part.length, at);
				parts.push(part.subarray(0, n).toString('latin1'));
			} catch { /* a page that cannot be read holds nothing of ours */ }
			at += BigInt(part.length);
		}
	}
	closeSync(fd);
	return parts.join('');
}

story('no process holds a planted secret that it has no use for', { skip: process.env.VALGRIND || process.env.SANITIZED ? 'its memory is the tool\'s' : false }, async t => {
	const roles = { supervisor: w.server.pid, front: w.children('front')[0].pid, worker: w.children('worker')[0].pid, janitor: w.children('janitor')[0].pid };
	let seen;
	try {
		seen = Object.fromEntries(Object.entries(roles).map(([role, pid]) => [role, memory(pid)]));
	} catch (error) {
		return t.skip(`the memory of other processes cannot be read here: ${error.code}`);
	}
	assert.ok(seen.front.includes(DOORS.door) && seen.worker.includes(TOKEN), 'what is needed is found: the search works');
	const stored = [...Object.values(CALLS), ...Object.values(DOORS), ...Object.values(BROUGHT), TOKEN];
	look(stored, seen.supervisor, "the supervisor's memory");
	look([...stored, ENVIRONMENT], seen.janitor, "the janitor's memory");
	look([...Object.values(CALLS), TOKEN], seen.front, "the front's memory");
	look([...Object.values(DOORS), ...Object.values(BROUGHT)], seen.worker, "the worker's memory");
	const key = readFileSync(join(w.data, 'ringbolt.key'), 'latin1');
	for (const role of ['supervisor', 'janitor']) assert.ok(!seen[role].includes(key), `the key is in the memory of the ${role}`);
});
