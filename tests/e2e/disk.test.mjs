// SPDX-License-Identifier: MIT
//
// disk: a disk that is full, a sync that fails. Not stored is 503, never 2xx; what was
// acknowledged stays; the server comes back by itself.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach } from 'node:test';
import { call, flow, map, respond } from './flows.mjs';
import { Destination } from './http.mjs';
import { story } from './story.mjs';
import { World, few, kill, run, waitFor } from './world.mjs';

const flows = [flow('open', [map('m', { id: '{{ .body.id }}' })])];
const digest = body => createHash('sha3-256').update(body).digest('hex').toUpperCase();
let w;
afterEach(async () => { await w?.close(); w = null; });

const mounted = [];
after(async () => {
	for (const dir of mounted) {
		await run('umount', ['-l', dir]);
		rmSync(dir, { recursive: true, force: true });
	}
});
/** small mounts a small file system of its own, or gives null where that is not permitted. */
async function small(size) {
	const dir = mkdtempSync(join(tmpdir(), 'ringbolt-small-'));
	const { code } = await run('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', dir]);
	if (code !== 0) {
		rmSync(dir, { recursive: true });
		return null;
	}
	mounted.push(dir);
	return dir;
}

/** fill writes a file until the disk is full. */
function fill(file) {
	const fd = openSync(file, 'w');
	try {
		for (let block = Buffer.alloc(65536); ; ) {
			try {
				writeSync(fd, block);
			} catch (error) {
				if (error.code !== 'ENOSPC') throw error;
				if (block.length === 4096) return;
				block = Buffer.alloc(4096);
			}
		}
	} finally {
		closeSync(fd);
	}
}

/** send posts one event and keeps what was answered. */
async function post(ledger, pad = 2000) {
	const body = JSON.stringify({ id: ledger.length, pad: 'p'.repeat(pad) });
	const entry = { digest: digest(body) };
	ledger.push(entry);
	try {
		const got = await w.post('/open', body);
		Object.assign(entry, { status: got.status, event: got.json?.event, retry: got.headers['retry-after'] });
	} catch (error) {
		entry.status = error.code ?? error.message;
	}
	return entry;
}
async function all_there(ledger) {
	const stored = new Map((await w.sql('SELECT id, hex(sha3(body_raw, 256)) AS digest FROM event_requests')).map(row => [row.id, row.digest]));
	for (const { status, event, digest: sent } of ledger) {
		if (status === 202) assert.equal(stored.get(event), sent, `event ${event} was acknowledged and is there`);
	}
	assert.equal(await w.one('PRAGMA integrity_check'), 'ok');
}

story('on a full disk callers get 503, nothing acknowledged is lost, and it recovers when there is room again', async t => {
	const dir = await small('24m');
	if (!dir) return t.skip('a small file system cannot be mounted here (needs root)');
	const data = join(dir, 'data');
	mkdirSync(data);
	w = await World.open({ flows, data });
	const ledger = [];
	for (let i = 0; i < 50; i++) assert.equal((await post(ledger)).status, 202);

	for (let round = 0; round < few(2); round++) {
		const filler = join(dir, 'filler');
		fill(filler);
		let going = true;
		const clients = Promise.all(Array.from({ length: 4 }, async () => {
			while (going) await post(ledger, 20000);
		}));
		const from = ledger.length;
		try {
			await waitFor('refusals', () => ledger.slice(from).filter(entry => entry.status === 503).length >= 20, 10000);
		} finally {
			going = false;
			await clients;
		}
		for (const entry of ledger.slice(from)) {
			assert.ok(entry.status === 202 || entry.status === 503 || /^E(CONN|PIPE)|hang up/.test(entry.status), `${entry.status}`);
			if (entry.status === 503) assert.ok(+entry.retry > 0, 'with Retry-After');
		}
		unlinkSync(filler);
		await waitFor('events to be accepted again', async () => (await post(ledger)).status === 202, 10000);
	}
	await w.ended();
	await all_there(ledger);
	assert.equal((await w.stop()).code, 0);
});

story('a data directory that cannot be written is refused by name', async t => {
	const dir = await small('1m,ro');
	if (!dir) return t.skip('a small file system cannot be mounted here (needs root)');
	for (const data of [dir, join(dir, 'data')]) {
		w = await World.open({ data, start: false });
		const { code } = await (await w.launch()).ended;
		assert.ok(code > 0, `serve ended with ${code}`);
		assert.ok(w.log().includes(dir), w.log());
		const set = await w.cli(['secret', 'set', 'a'], { input: 'b' });
		assert.ok(set.code > 0);
		assert.ok(set.err.includes(dir), set.err);
		await w.close();
	}
	w = null;
});

/** attach follows processes with strace: {end, log}; null where that is not permitted. */
async function attach(pids, calls, ...more) {
	const file = join(w.dir, 'strace.log');
	const strace = spawn('strace', ['-f', '-s', '40', '-e', `trace=${calls}`, ...more, '-o', file, ...pids.flatMap(pid => ['-p', String(pid)])],
		{ stdio: ['ignore', 'ignore', 'pipe'] });
	let said = '', gone = false;
	strace.stderr.on('data', text => { said += text; });
	const ended = new Promise(done => strace.on('error', done).on('exit', done)).then(() => { gone = true; });
	await waitFor('strace to have attached', () => gone || pids.every(pid => new RegExp(`Process ${pid} attached`).test(said)));
	if (gone) return null;
	return {
		log: () => readFileSync(file, 'latin1').split('\n'),
		end: () => (gone || kill(strace.pid, 'SIGINT'), ended),
	};
}

story('a 202, a reply and a 504 leave only after a sync that came after their request', async t => {
	const far = await Destination.open(() => ({ body: {}, after_ms: 700 }));
	w = await World.open({ workers: '2:2', env: { ASAN_OPTIONS: 'detect_leaks=0' }, flows: [...flows,
		flow('sync', [respond(201, { id: '{{ .body.id }}' })]), flow('call', [call('far', 'POST', far.url, { body: {} }), respond(201, 'x')]),
		flow('late', [call('far', 'POST', far.url, { body: {} }), respond(201, 'x')], { deadline_ms: 200 })] });
	await waitFor('the workers', () => w.children('worker').length === 2);
	const strace = await attach([...w.children('front'), ...w.children('worker')].map(child => child.pid), 'fdatasync,fsync,recvfrom,sendto');
	if (!strace) return t.skip('strace cannot attach here');
	const answers = [];
	try {
		for (const suffix of [...Array(10).fill('/open'), ...Array(10).fill('/sync'), '/call', '/late']) {
			answers.push((await w.post(suffix, { id: suffix })).status);
		}
	} finally {
		await strace.end();
	}
	assert.deepEqual(answers, [...Array(10).fill(202), ...Array(11).fill(201), 504]);
	const synced = [];
	let since = 0;
	for (const line of strace.log()) {
		if (/recv.*"POST \/in/.test(line)) since = 0;
		else if (/f(data)?sync(\(\d+| resumed>)\)\s+= 0/.test(line)) since++;
		else if (/sendto\(\d+, "HTTP\/1\.1 (\d+)/.test(line)) synced.push(since);
	}
	assert.equal(synced.length, answers.length, 'each answer was seen to leave');
	for (const [i, n] of synced.entries()) assert.ok(n >= 1, `answer ${i} (${answers[i]}) left before anything was synced`);
});

story('after a sync that failed nothing is acknowledged until the front has been started again', async t => {
	w = await World.open({ flows, env: { ASAN_OPTIONS: 'detect_leaks=0' } }); // its leak check cannot run under strace
	const ledger = [];
	for (let i = 0; i < 20; i++) assert.equal((await post(ledger)).status, 202);
	const [{ pid }] = w.children('front');
	const strace = await attach([pid], 'fdatasync,fsync', '-e', 'inject=fdatasync,fsync:error=EIO');
	if (!strace) return t.skip('strace cannot attach here');
	try {
		// Requests meet failing syncs for as long as this front lives.
		await waitFor('the front to end', async () => {
			const entry = await post(ledger);
			if (w.children('front').some(child => child.pid === pid)) assert.notEqual(entry.status, 202, 'not synced, and yet acknowledged');
			return !w.children('front').some(child => child.pid === pid);
		}, 10000);
	} finally {
		await strace.end();
	}
	assert.ok(ledger.some(entry => entry.status === 503), 'the callers were told 503');
	await waitFor('events to be accepted again', async () => (await post(ledger)).status === 202, 15000);
	assert.match(w.log(), /disk|sync|I\/O/i, 'the log says why');
	await w.ended();
	await all_there(ledger);
});
