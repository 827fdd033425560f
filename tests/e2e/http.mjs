// SPDX-License-Identifier: MIT
//
// http: the callers and the other systems of the tests.

import http from 'node:http';
import net from 'node:net';

const keepAlive = new http.Agent({ keepAlive: true, maxSockets: 64 });

/**
 * send makes one request: {status, headers, rawHeaders, bytes, text, json, ms}.
 * A reused connection that turns out to have been closed is tried once more on a new one, unless
 * again is false.
 */
export function send(port, method, path, { headers = {}, body, agent = keepAlive, within = 30000, again = true } = {}) {
	const started = performance.now();
	return new Promise((done, fail) => {
		const request = http.request({ host: '127.0.0.1', port, method, path, headers, agent, timeout: within }, response => {
			const parts = [];
			response.on('data', part => parts.push(part));
			response.on('error', fail);
			response.on('end', () => {
				if (!response.complete) return fail(new Error('the answer was cut short'));
				const bytes = Buffer.concat(parts);
				const text = bytes.toString();
				done({
					status: response.statusCode, headers: response.headers, rawHeaders: response.rawHeaders, bytes, text,
					get json() { return JSON.parse(text); },
					ms: performance.now() - started,
				});
			});
		});
		request.on('timeout', () => request.destroy(new Error(`no answer to ${method} ${path} within ${within} ms`)));
		request.on('error', error => {
			if (again && request.reusedSocket && error.code === 'ECONNRESET') {
				send(port, method, path, { headers, body, agent: false, within }).then(done, fail);
			} else {
				fail(error);
			}
		});
		if (body !== undefined) {
			if (!request.hasHeader('content-length') && !request.hasHeader('transfer-encoding')) {
				request.setHeader('Content-Length', Buffer.byteLength(body));
			}
			request.write(body);
		}
		request.end();
	});
}

/** headersOf gives all values of a header, in order. */
export function headersOf(response, name) {
	const values = [];
	for (let i = 0; i < response.rawHeaders.length; i += 2) {
		if (response.rawHeaders[i].toLowerCase() === name.toLowerCase()) values.push(response.rawHeaders[i + 1]);
	}
	return values;
}

/** Dial is a raw connection: what is written, what has come back, and whether it is closed. */
export class Dial {
	static open(port) {
		const d = new Dial();
		d.received = Buffer.alloc(0);
		d.closed = false;
		d.started = performance.now();
		return new Promise((done, fail) => {
			d.socket = net.connect(port, '127.0.0.1', () => done(d));
			d.socket.setNoDelay(true);
			d.socket.on('data', part => { d.received = Buffer.concat([d.received, part]); });
			d.socket.on('error', error => { d.error = error; fail(error); });
			d.socket.on('close', () => { d.closed = true; d.ms = performance.now() - d.started; });
		});
	}
	write(bytes) {
		return new Promise(done => this.socket.write(bytes, () => done()));
	}
	get text() {
		return this.received.toString('latin1');
	}
	/** statuses of the answers so far, interim ones (1xx) included. */
	get statuses() {
		return [...this.text.matchAll(/^HTTP\/1\.[01] (\d{3})/gm)].map(match => +match[1]);
	}
	end() {
		this.socket.destroy();
	}
}

export const destinations = new Set(); // those that are open
/** Destination is another system: it keeps each call and answers as told. */
export class Destination {
	/** answer(call, n) gives {status, headers, body, after_ms}, or null to say nothing at all. */
	static open(answer = () => ({ status: 200 })) {
		const d = new Destination();
		Object.assign(d, { calls: [], answer });
		d.server = http.createServer((request, response) => {
			const parts = [];
			request.on('data', part => parts.push(part));
			request.on('end', () => {
				const call = { method: request.method, url: request.url, headers: request.headers,
					text: Buffer.concat(parts).toString(), at: Date.now() };
				const n = d.calls.push(call);
				const told = d.answer(call, n);
				if (!told) return;
				const { status = 200, headers = {}, body = '', after_ms = 0 } = told;
				const json = typeof body !== 'string';
				setTimeout(() => {
					response.writeHead(status, { ...(json ? { 'Content-Type': 'application/json' } : {}), ...headers });
					response.end(json ? JSON.stringify(body) : body);
				}, after_ms);
			});
		});
		destinations.add(d);
		return new Promise(done => d.server.listen(0, '127.0.0.1', () => {
			d.url = `http://127.0.0.1:${d.server.address().port}`;
			done(d);
		}));
	}
	close() {
		destinations.delete(this);
		this.server.closeAllConnections?.();
		this.server.close();
	}
}
