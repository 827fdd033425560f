// SPDX-License-Identifier: MIT
//
// world: a server of its own for a test: a fresh directory, free ports, the real binary.
// Everything that is started here is ended here, by its pid, whatever the test did.
//
//     RINGBOLT   the program            TOOLS      the folder of test tools
//     SANITIZED  asan, tsan: longer deadlines, fewer rounds, and no finding may be in a log
//     VALGRIND   1: the server runs under valgrind, with the same consequences

import { execFile, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync,
	writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { send } from './http.mjs';

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const RINGBOLT = process.env.RINGBOLT ?? join(ROOT, 'build/ringbolt');
export const TOOLS = process.env.TOOLS ?? join(ROOT, 'build/tools');
const VALGRIND = process.env.VALGRIND === '1';
/** How much more time than usual everything may take, and how many fewer rounds it is given. */
export const SLOW = VALGRIND ? 10 : process.env.SANITIZED ? 4 : 1;
export const few = n => Math.max(1, Math.ceil(n / SLOW));
const FINDING = /ERROR: AddressSanitizer|runtime error:|LeakSanitizer|WARNING: ThreadSanitizer/;

/** waitFor asks again and again until the condition gives something true, and returns that. */
export async function waitFor(what, condition, within = 5000) {
	const until = Date.now() + within * SLOW;
	for (;;) {
		const got = await condition();
		if (got) return got;
		if (Date.now() > until) throw new Error(`waited ${within * SLOW} ms in vain for: ${what}`);
		await new Promise(done => setTimeout(done, 10));
	}
}

/** inFlight calls work(item, index) for all items, n at a time. */
export async function inFlight(n, items, work) {
	const results = new Array(items.length);
	let next = 0;
	await Promise.all(Array.from({ length: n }, async () => {
		while (next < items.length) {
			const i = next++;
			results[i] = await work(items[i], i);
		}
	}));
	return results;
}

/** run starts a program and waits for its end: {code, signal, out, err}. It never rejects. */
export function run(program, args, { input = '', within = 30000, env = {}, cwd, encoding = 'utf8' } = {}) {
	return new Promise(done => {
		const child = execFile(program, args, {
			cwd, encoding, timeout: within * SLOW, killSignal: 'SIGKILL', maxBuffer: 1 << 29,
			env: { ...process.env, ...env },
		}, (error, out, err) => done({
			code: error ? (typeof error.code === 'number' ? error.code : -1) : 0,
			signal: error?.signal ?? null, out, err: String(err) || (error && typeof error.code !== 'number' ? String(error) : ''),
		}));
		child.stdin.on('error', () => {}); // it may end before it has read everything
		child.stdin.end(input);
	});
}

/** lines reads what `--json` prints: one JSON object a line. */
export const lines = text => text.split('\n').filter(Boolean).map(line => JSON.parse(line));

export function freePort() {
	return new Promise((done, fail) => {
		const server = createServer().on('error', fail);
		server.listen(0, '127.0.0.1', () => {
			const { port } = server.address();
			server.close(() => done(port));
		});
	});
}

/** processes: {pid, ppid, name} of every process, read from /proc. */
function processes() {
	const list = [];
	for (const entry of readdirSync('/proc')) {
		if (!/^\d+$/.test(entry)) continue;
		try {
			const stat = readFileSync(`/proc/${entry}/stat`, 'latin1');
			const close = stat.lastIndexOf(')');
			const [state, ppid] = stat.slice(close + 2).split(' ');
			if (state !== 'Z') list.push({ pid: +entry, ppid: +ppid, name: stat.slice(stat.indexOf('(') + 1, close) });
		} catch { /* it has ended meanwhile */ }
	}
	return list;
}
/** children of a process: [{pid, name}]. */
export const children = pid => processes().filter(p => p.ppid === pid);
export const alive = pid => processes().some(p => p.pid === pid);
export function kill(pid, signal) {
	try {
		process.kill(pid, signal);
		return true;
	} catch {
		return false;
	}
}

export const worlds = new Set(); // those that are open

export class World {
	/** open makes a directory with the flows (documents) and secrets given, and starts the server. */
	static async open({ flows = [], secrets = {}, serve = [], workers = '2:2', env = {}, data, start = true,
		allow = '127.0.0.0/8', under = tmpdir() } = {}) {
		const w = new World();
		w.dir = mkdtempSync(join(under, 'ringbolt-test-'));
		w.data = data ?? join(w.dir, 'data');
		w.flows = join(w.dir, 'flows');
		w.logFile = join(w.dir, 'server.log');
		Object.assign(w, { options: serve, workers, env, allow, server: null, past: new Set() });
		worlds.add(w);
		mkdirSync(w.flows);
		for (const flow of flows) w.writeFlow(flow);
		for (const [name, value] of Object.entries(secrets)) await w.do(['secret', 'set', name], { input: value });
		if (start) await w.start();
		return w;
	}

	writeFlow(flow, name = flow.name) {
		const file = join(this.flows, `${name}.json`);
		writeFileSync(file, typeof flow === 'string' ? flow : JSON.stringify(flow, null, '\t'));
		return file;
	}

	/** launch starts `serve` and returns at once: the child process. */
	async launch(extra = []) {
		this.port ??= await freePort();
		this.console ??= await freePort();
		const args = ['serve', '--data', this.data, '--flows', this.flows, '--listen', `127.0.0.1:${this.port}`,
			'--console', `127.0.0.1:${this.console}`, '--allow-destinations', this.allow,
			...(this.workers ? ['--workers', this.workers] : []), ...this.options, ...extra];
		const under = VALGRIND ? ['valgrind', '-q', '--trace-children=yes', '--error-exitcode=99', '--leak-check=full',
			'--errors-for-leak-kinds=definite', `--log-file=${join(this.dir, 'valgrind.%p')}`] : [];
		const [program, ...rest] = [...under, RINGBOLT, ...args];
		const log = openSync(this.logFile, 'a');
		const child = spawn(program, rest, { stdio: ['ignore', log, log], env: { ...process.env, ...this.env } });
		closeSync(log);
		child.ended = new Promise(done => child.on('exit', (code, signal) => done({ code, signal })));
		return child;
	}

	async start(extra) {
		const child = this.server = await this.launch(extra);
		let ended = null;
		child.ended.then(how => { ended = how; });
		await waitFor('the server to be ready', async () => {
			if (ended) throw new Error(`the server ended at its start: ${JSON.stringify(ended)}\n${this.logTail()}`);
			return this.healthy();
		}, 10000);
		this.remember();
	}

	async healthy() {
		try {
			return (await send(this.console, 'GET', '/healthz', { agent: false })).status === 200;
		} catch {
			return false;
		}
	}

	/** children of the supervisor, of one role when named: "front", "worker", "janitor". */
	children(role = '') {
		const list = children(this.server.pid);
		return role ? list.filter(p => p.name === `rb-${role}`) : list;
	}
	remember() {
		for (const { pid } of this.children()) this.past.add(pid);
	}

	/** stop ends the server in the regular way: {code, signal}. */
	async stop(signal = 'SIGTERM') {
		if (!this.server) return null;
		const { server } = this;
		this.remember();
		kill(server.pid, signal);
		const timer = setTimeout(() => kill(server.pid, 'SIGKILL'), 15000 * SLOW);
		const how = await server.ended;
		clearTimeout(timer);
		this.server = null;
		return how;
	}

	async close() {
		await this.stop();
		for (const p of processes()) {
			if (this.past.has(p.pid) && p.name.startsWith('rb-')) kill(p.pid, 'SIGKILL');
		}
		const findings = this.findings();
		worlds.delete(this);
		rmSync(this.dir, { recursive: true, force: true });
		if (findings) throw new Error(findings);
	}

	log() {
		return existsSync(this.logFile) ? readFileSync(this.logFile, 'utf8') : '';
	}
	/** logTail is the end of the log, a line that repeats itself shown once. */
	logTail(n = 25) {
		const seen = new Set();
		const fresh = line => {
			const said = line.replace(/^\S+ /, '').replace(/\d+/g, 'N');
			return !seen.has(said) && seen.add(said);
		};
		return this.log().split('\n').reverse().filter(fresh).slice(0, n).reverse().join('\n');
	}
	/** findings of a sanitizer or of valgrind, or "". */
	findings() {
		const log = this.log();
		const at = log.search(FINDING);
		const reports = at < 0 ? [] : [log.slice(Math.max(0, at - 200), at + 4000)];
		for (const file of readdirSync(this.dir).filter(name => name.startsWith('valgrind.'))) {
			reports.push(readFileSync(join(this.dir, file), 'utf8').slice(0, 4000));
		}
		return reports.join('\n').trim();
	}

	send(method, path, options) {
		return send(this.port, method, path, options);
	}
	/** post sends a JSON document, or text as it is, to a suffix. */
	post(suffix, body, headers = {}) {
		const bytes = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
		return this.send('POST', `/in${suffix}`, { body: bytes, headers: { 'Content-Type': 'application/json', ...headers } });
	}

	/** sql asks the database as an operator does, with the plain sqlite3 shell. */
	async sql(query) {
		const { code, out, err } = await run('sqlite3', ['-readonly', '-json', '-cmd', '.timeout 5000',
			join(this.data, 'ringbolt.db'), query]);
		if (code !== 0) throw new Error(`sqlite3: ${err.trim()} in: ${query}`);
		return out.trim() ? JSON.parse(out) : [];
	}
	async one(query) {
		const rows = await this.sql(query);
		return rows.length ? Object.values(rows[0])[0] : null;
	}
	event(id) {
		return this.sql(`SELECT * FROM event_history WHERE id = ${+id}`).then(rows => rows[0]);
	}
	/** ended waits until the event (or, without an id, every event) has ended. */
	ended(id, within = 10000) {
		const which = id ? `id = ${+id} AND` : '';
		return waitFor(`event ${id ?? '(all)'} to end`, async () =>
			await this.one(`SELECT count(*) FROM event_history WHERE ${which} state IN ('queued', 'running')`) === 0
			&& (id ? this.event(id) : true), within);
	}

	/** cli runs a command on the data directory: {code, out, err, rows()}. */
	async cli(args, options = {}) {
		const got = await run(RINGBOLT, [...args, '--data', this.data], { env: this.env, ...options });
		if (FINDING.test(got.err)) throw new Error(`${args.join(' ')}: ${got.err}`);
		got.rows = () => lines(got.out);
		return got;
	}
	/** do is cli for a command that must succeed. */
	async do(args, options) {
		const got = await this.cli(args, options);
		if (got.code !== 0) throw new Error(`ringbolt ${args.join(' ')}: exit ${got.code}: ${got.err}${got.out}`);
		return got;
	}
	apply(...documents) {
		return this.do(['flow', 'apply', ...documents.map(flow => this.writeFlow(flow))]);
	}
}

process.on('exit', () => {
	for (const w of worlds) {
		if (w.server) kill(w.server.pid, 'SIGKILL');
	}
});
