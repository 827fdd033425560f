// SPDX-License-Identifier: MIT
//
// connections: calls in the name of a connection, what the guard keeps from being called, the
// change of the key, and that no secret is found where it should not be.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { call, flow, respond } from './flows.mjs';
import { story } from './story.mjs';
import { World } from './world.mjs';

const CANARY = { crm: 'canary-crm-7c1f', client: 'canary-client-9a2e', inline: 'canary-inline-33d0' };
const TOKEN = 'canary-token-51bb';
const PLANTED = [...Object.values(CANARY), TOKEN];
let w, system, seen = [], tokens = 0;

/** The other system: says back what it was sent, gives tokens, and takes only the newest. */
function serve(request, response) {
	let body = '';
	request.on('data', piece => { body += piece; });
	request.on('end', () => {
		seen.push({ method: request.method, url: request.url, headers: request.headers, body });
		response.setHeader('Content-Type', 'application/json');
		if (request.url === '/token') {
			response.end(JSON.stringify({ access_token: `${TOKEN}-${++tokens}`, token_type: 'Bearer', expires_in: 3600 }));
		} else if (request.url === '/protected' && request.headers.authorization !== `Bearer ${TOKEN}-${tokens}`) {
			response.writeHead(401).end('{}');
		} else if (request.url === '/away') {
			response.writeHead(302, { Location: 'http://169.254.169.254/latest/meta-data/' }).end();
		} else {
			response.end(JSON.stringify({ headers: request.headers, body, url: request.url }));
		}
	});
}

before(async () => {
	system = createServer(serve);
	await new Promise(done => system.listen(0, '127.0.0.1', done));
	const base = `http://127.0.0.1:${system.address().port}`;
	const echo = (name, step) => flow(name, [step, respond(200, { got: `{{ .steps.${step.name}.status }}` })]);
	w = await World.open({
		workers: '1:1',
		secrets: CANARY,
		flows: [
			echo('bearer', { ...call('c', 'POST', '/echo?a=1', { body: { key: '{{ $secrets.inline }}' } }), connection: 'crm' }),
			echo('token', { ...call('c', 'GET', '/protected'), connection: 'erp' }),
			echo('away', call('c', 'GET', `${base}/away`, { redirects: 2 })),
			echo('private', call('c', 'GET', 'http://10.255.255.1/')),
			flow('self', [call('c', 'GET', '{{ .body.url }}'), respond(200, 'reached')]),
		],
		start: false,
	});
	const document = (name, content) => {
		writeFileSync(join(w.dir, `${name}.json`), JSON.stringify(content));
		return w.do(['connection', 'set', name, join(w.dir, `${name}.json`)]);
	};
	await document('crm', { base_url: `${base}/v1`, authentication: { type: 'bearer', secret: 'crm' } });
	await document('erp', { base_url: base, authentication: { type: 'oauth2_client_credentials', token_url: `${base}/token`, client_id: 'me', secret: 'client' } });
	await w.start();
});
after(() => {
	system.closeAllConnections?.();
	system.close();
});

const failure = async name => {
	const reply = await w.post(`/${name}`, {});
	assert.equal(reply.status, 500);
	return w.one(`SELECT error FROM event_history WHERE flow = '${name}' ORDER BY id DESC LIMIT 1`);
};

story('a step calls in the name of its connection', async () => {
	const reply = await w.post('/bearer', {});
	assert.equal(reply.status, 200, w.logTail());
	const last = seen.at(-1);
	assert.equal(last.url, '/v1/echo?a=1');
	assert.equal(last.headers.authorization, `Bearer ${CANARY.crm}`);
	assert.equal(JSON.parse(last.body).key, CANARY.inline);
});

story('a token is fetched once, and again after a 401', async () => {
	await w.post('/token', {});
	assert.equal((await w.post('/token', {})).status, 200);
	assert.equal(tokens, 1);
	tokens++; // the other system has forgotten it
	assert.equal((await w.post('/token', {})).status, 200);
	assert.equal(tokens, 3);
});

story('a connection is listed, shown and removed', async () => {
	const rows = (await w.do(['connection', 'list', '--json'])).rows();
	assert.deepEqual(rows.map(row => [row.name, row.authentication]), [['crm', 'bearer'], ['erp', 'oauth2_client_credentials']]);
	assert.match((await w.do(['connection', 'show', 'crm'])).out, /"secret":"crm"/);
	const bad = await w.cli(['connection', 'set', 'odd', '-'], { input: '{"base_url": "https://x", "authentication": {"type": "bearer", "token": "abc"}}' });
	assert.equal(bad.code, 3);
	assert.match(bad.err, /\/authentication\/token/);
	await w.do(['connection', 'set', 'gone', '-'], { input: '{"base_url": "https://x", "authentication": {"type": "none"}}' });
	await w.do(['connection', 'remove', 'gone']);
	assert.equal((await w.cli(['connection', 'show', 'gone'])).code, 1);
});

story('what is private, or this server itself, is not called', async () => {
	assert.match(await failure('private'), /10\.255\.255\.1 is a private network.*--allow-destinations 10\.0\.0\.0\/8/);
	assert.match(await failure('away'), /is refused: 169\.254\.169\.254 is the metadata service/);
	for (const url of [`http://127.0.0.1:${w.port}/in/bearer`, `http://2130706433:${w.console}/metrics`, `http://localhost:${w.console}/`]) {
		const reply = await w.post('/self', { url });
		assert.equal(reply.status, 500);
	}
	assert.match(await w.one("SELECT group_concat(error) FROM event_history WHERE flow = 'self'"), /this server itself/);
});

story('flow test --call has the same guard', async () => {
	const document = w.writeFlow(flow('tried', [{ ...call('c', 'GET', '/echo'), connection: 'crm' }, respond(200, 'ok')]));
	const denied = await w.cli(['flow', 'test', document, '--call']);
	assert.equal(denied.code, 1);
	assert.match(denied.err, /127\.0\.0\.1 is this machine/);
	await w.do(['flow', 'test', document, '--call', '--allow-destinations', '127.0.0.1']);
	// A folder of connections stands before those that are kept.
	await w.do(['flow', 'test', document, '--connections', w.dir]);
	const other = await w.cli(['flow', 'test', w.writeFlow(flow('other', [{ ...call('c', 'GET', '/echo'), connection: 'nobody' }]))]);
	assert.match(other.err, /no connection "nobody"/);
});

story('the key is changed while the server runs', async () => {
	const { out } = await w.do(['secret', 'rotate']);
	assert.match(out, /3 secrets are under a new key/);
	assert.equal((await w.post('/bearer', {})).status, 200, w.logTail());
	assert.equal(seen.at(-1).headers.authorization, `Bearer ${CANARY.crm}`);
	await w.do(['secret', 'set', 'crm'], { input: 'canary-crm-7c1f-b' });
	assert.equal((await w.post('/bearer', {})).status, 200, w.logTail());
	assert.equal(seen.at(-1).headers.authorization, 'Bearer canary-crm-7c1f-b');
});

story('no planted secret is in the database, its log, the server log or what commands print', async () => {
	await w.ended();
	const printed = (await w.do(['event', 'list', '--json'])).out
		+ JSON.stringify(await w.sql('SELECT * FROM step_history')) + JSON.stringify(await w.sql('SELECT * FROM run_history'));
	const files = readdirSync(w.data).map(name => [name, readFileSync(join(w.data, name), 'latin1')]);
	for (const canary of PLANTED) {
		for (const shape of [canary, Buffer.from(canary).toString('base64').slice(0, -4)]) {
			assert.ok(!printed.includes(shape), `${shape} is printed`);
			assert.ok(!w.log().includes(shape), `${shape} is in the log`);
			for (const [name, bytes] of files) assert.ok(!bytes.includes(shape), `${shape} is in ${name}`);
		}
	}
	assert.ok(printed.includes('[secret crm]'));
});
