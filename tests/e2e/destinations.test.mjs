// SPDX-License-Identifier: MIT
//
// destinations: other systems that are slow, rude, endless, redirecting or down cost the run that
// calls them, in bounded time and memory, and nobody else.

import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, before } from 'node:test';
import { call, flow, respond } from './flows.mjs';
import { story } from './story.mjs';
import { SLOW, World, freePort } from './world.mjs';

const answer = (head, body = '') => `HTTP/1.1 ${head}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
let w, server, url, connections = [];

/** What each path does with the connection, once the request's head is here. */
const manners = {
	'/well': socket => socket.end(answer('200 OK\r\nContent-Type: application/json', '{"ok":true}')),
	'/silent': () => {},
	'/drip': socket => {
		socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n');
		const timer = setInterval(() => socket.write('x'), 50);
		socket.on('close', () => clearInterval(timer));
	},
	'/endless': socket => {
		socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n');
		const more = () => { while (!socket.destroyed && socket.write('x'.repeat(65536))); };
		socket.on('drain', more);
		more();
	},
	'/endless-head': socket => {
		socket.write('HTTP/1.1 200 OK\r\n');
		const more = () => { while (!socket.destroyed && socket.write(`X-More: ${'y'.repeat(4000)}\r\n`)); };
		socket.on('drain', more);
		more();
	},
	'/garbage': socket => socket.end('SSH-2.0-OpenSSH_9.2p1\r\n'),
	'/hang-up': socket => socket.destroy(),
	'/short': socket => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this'),
	'/bad-json': socket => socket.end(answer('200 OK\r\nContent-Type: application/json', '{"ok":')),
	'/not-text': socket => socket.end(answer('200 OK', '\xff\xfe\x01'), 'latin1'),
	'/redirect': socket => socket.end(answer(`302 Found\r\nLocation: ${url}/well`)),
	'/circle': socket => socket.end(answer(`302 Found\r\nLocation: ${url}/circle`)),
	'/away': socket => socket.end(answer('302 Found\r\nLocation: http://169.254.169.254/latest/meta-data/')),
	'/busy': socket => socket.end(answer('503 Service Unavailable\r\nRetry-After: 3600')),
};

before(async () => {
	server = createServer(socket => {
		connections.push(socket);
		socket.on('error', () => {});
		socket.once('data', data => {
			const path = data.toString('latin1').split(' ')[1];
			socket.resume();
			manners[path]?.(socket);
		});
	});
	await new Promise(done => server.listen(0, '127.0.0.1', done));
	url = `http://127.0.0.1:${server.address().port}`;
	const to = (name, path, more = {}) => flow(name, [call('c', 'GET', path, { timeout_ms: 500 * SLOW, ...more }),
		respond(200, { status: '{{ .steps.c.status }}', body: '{{ .steps.c.body }}' })]);
	w = await World.open({
		workers: '2:2',
		flows: [
			...Object.keys(manners).map(path => to(path.slice(1), url + path)),
			to('followed', `${url}/redirect`, { redirects: 1 }), to('round', `${url}/circle`, { redirects: 3 }), to('guarded', `${url}/away`, { redirects: 1 }),
			to('strict', `${url}/bad-json`, { response: 'json' }),
			to('down', `http://127.0.0.1:${await freePort()}/`), to('nowhere', 'http://no-such-host.invalid/'),
			to('patient', `${url}/busy`, { retry: { attempts: 3, pause_ms: 1 } }),
		],
	});
});
after(() => {
	for (const socket of connections) socket.destroy();
	server.close();
});

const reason = async (name, within = 4000) => {
	const got = await w.post(`/${name}`, {});
	assert.equal(got.status, 500, `${name}: ${got.text}`);
	assert.ok(got.ms < within * SLOW, `${name} took ${got.ms} ms`);
	return (await w.event(got.headers['ringbolt-event'])).error;
};

story('what is slow ends with the time the step gives it', async () => {
	for (const name of ['silent', 'drip']) assert.match(await reason(name), /did not answer|within|time/i, name);
});

story('what never ends is cut at the size the step allows', async () => {
	for (const name of ['endless', 'endless-head']) assert.match(await reason(name), /larger|more than|bytes|header/i, name);
});

story('what is rude is an upstream error with a sentence that names the host', async () => {
	for (const name of ['garbage', 'hang-up', 'short']) assert.match(await reason(name), /127\.0\.0\.1/, name);
	assert.match(await reason('strict'), /JSON/);
	for (const [name, body] of [['bad-json', '{"ok":'], ['not-text', null]]) {
		const got = await w.post(`/${name}`, {});
		assert.deepEqual([got.status, got.json], [200, { status: 200, body }], name);
	}
});

story('redirects are answers unless they are asked for, end, and lead nowhere that may not be called', async () => {
	assert.match(await reason('redirect'), /302/);
	assert.deepEqual((await w.post('/followed', {})).json, { status: 200, body: { ok: true } });
	assert.match(await reason('round'), /redirect|302/i);
	assert.match(await reason('guarded'), /169\.254\.169\.254/);
});

story('what is down or busy fails at once, and says so', async () => {
	assert.match(await reason('down'), /127\.0\.0\.1/);
	assert.match(await reason('nowhere'), /no-such-host\.invalid/);
	assert.match(await reason('busy'), /503/);
	assert.match(await reason('patient'), /503/); // it wants to be left alone for longer than the step waits
});

story('nobody else was hurt, and what behaves is still called', async () => {
	assert.deepEqual((await w.post('/well', {})).json, { status: 200, body: { ok: true } });
	assert.equal(await w.one("SELECT count(*) FROM run_history WHERE outcome IN ('crashed', 'timed out')"), 0);
});
