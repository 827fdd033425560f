// SPDX-License-Identifier: MIT
//
// load: who sends, and whom the flows call. Clients keep a ledger of all they tried and of what
// they were told; the sink keeps every effect. Ids are in the bodies, their choices come from the seed.

import { createHash } from 'node:crypto';
import http from 'node:http';
import { setTimeout as after } from 'node:timers/promises';
import { call, flow, map, respond } from '../e2e/flows.mjs';
import { send } from '../e2e/http.mjs';
import { below, pick, random } from './random.mjs';

export const digest = body => createHash('sha3-256').update(body).digest('hex').toUpperCase();
const KINDS = ['accepted', 'accepted', 'accepted', 'reply', 'reply', 'far', 'far', 'farreply', 'once', 'ordered'];
const PATIENT = { retry: { attempts: 50, first_ms: 50, factor: 2, max_ms: 500 } };

export const flows = sink => [
	flow('accepted', [map('m', { id: '{{ .body.id }}' })]),
	flow('reply', [map('m', { id: '{{ .body.id }}' }), respond(201, { id: '{{ .steps.m.id }}', event: '{{ .event.id }}' })], { deadline_ms: 4000 }),
	flow('far', [call('c', 'POST', `${sink.url}/moody`, { body: { id: '{{ .body.id }}' } })], PATIENT),
	flow('farreply', [call('c', 'POST', `${sink.url}/kind`, { body: { id: '{{ .body.id }}' } }), respond(200, { id: '{{ .body.id }}' })], { deadline_ms: 4000 }),
	flow('once', [call('c', 'POST', `${sink.url}/kind`, { body: { id: '{{ .body.id }}' } })],
		{ ...PATIENT, dedupe: { key: '{{ .headers["x-delivery"] }}' } }),
	flow('ordered', [call('c', 'POST', `${sink.url}/moody`, { body: { id: '{{ .body.id }}' } })], { ...PATIENT, order_by: '{{ .body.key }}' }),
];

/** Sink logs each call. On /moody it answers the first tries of an id by its mood: reset, 500, slow. */
export class Sink {
	static open() {
		const s = new Sink();
		s.effects = []; // {id, key, path}
		s.moods = new Map();
		s.server = http.createServer((request, response) => {
			const parts = [];
			request.on('error', () => {});
			request.on('data', part => parts.push(part));
			request.on('end', () => s.answer(request, JSON.parse(Buffer.concat(parts)).id, response));
		});
		return new Promise(done => s.server.listen(0, '127.0.0.1', () => {
			s.url = `http://127.0.0.1:${s.server.address().port}`;
			done(s);
		}));
	}
	async answer(request, id, response) {
		const effect = { id, key: request.headers['idempotency-key'], path: request.url, answered: 200 };
		this.effects.push(effect);
		const times = (this.moods.get(id) ?? 0) + 1;
		this.moods.set(id, times);
		const mood = request.url === '/moody' && times < 3 ? createHash('sha1').update(id).digest()[times] % 10 : 9;
		if (mood === 0) {
			effect.answered = 0;
			return request.socket.resetAndDestroy();
		}
		if (mood === 1) effect.answered = 500;
		if (mood === 2) await after(150);
		response.writeHead(effect.answered, { 'Content-Type': 'application/json' }).end('{}');
	}
	close() {
		this.server.closeAllConnections();
		this.server.close();
	}
}

/** Producer: clients that send until told to stop. */
export class Producer {
	constructor(w, seed, clients = 8) {
		this.ledger = []; // {id, kind, body's digest, key, status | unknown, event, text, deaf}
		this.going = true;
		this.told = 0;
		this.deaf = 0; // above zero: every sync fails, and this is the how manieth time
		this.w = w;
		this.clients = Array.from({ length: clients }, (_, n) => this.client(n, random(seed + 100 + n)));
	}
	async client(number, chance) {
		const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
		for (let n = 0; this.going; n++) {
			const kind = pick(chance, KINDS), id = `${number}-${n}`;
			const pad = 'p'.repeat(chance() < 0.01 ? 200000 : below(chance, 900));
			const body = JSON.stringify({ id, key: `k${below(chance, 5)}`, pad });
			const times = kind === 'once' ? 1 + below(chance, 3) : 1;
			for (let i = 0; i < times && this.going; i++) await this.post(agent, { id, kind, digest: digest(body) }, body);
		}
		agent.destroy();
	}
	async post(agent, entry, body) {
		const { deaf } = this;
		this.ledger.push(entry);
		try {
			const got = await send(this.w.port, 'POST', `/in/${entry.kind}`, { body, agent, again: false, within: 30000,
				headers: { 'Content-Type': 'application/json', ...(entry.kind === 'once' ? { 'X-Delivery': entry.id } : {}) } });
			entry.status = got.status;
			entry.event = +got.headers['ringbolt-event'] || 0;
			entry.text = got.text;
			if (got.status < 300) this.told++;
			if (got.status < 300 && deaf && deaf === this.deaf) entry.deaf = deaf;
			if (got.status === 503) await after(5);
		} catch (error) {
			entry.unknown = error.code ?? error.message;
			if (error.code === 'ECONNREFUSED') { // nobody listens: it was never sent
				this.ledger.splice(this.ledger.lastIndexOf(entry), 1);
				await after(5);
			}
		}
	}
	async stop() {
		this.going = false;
		await Promise.all(this.clients);
	}
}
