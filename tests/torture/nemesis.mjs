// SPDX-License-Identifier: MIT
//
// nemesis: what goes wrong. `faults` is the table: a name, how often it is chosen, and what it
// does to the server until it returns; false when it could not. Adding one is adding a row. Those that last may have a
// kill in their midst.

import { spawn } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { alive, kill, waitFor } from '../e2e/world.mjs';
import { FOR_EVER } from './page.mjs';
import { below, pick } from './random.mjs';

/** one gives a process of the role: {pid, name}. */
async function one(n, role) {
	const list = await waitFor(`a ${role}`, () => n.w.children(role).length && n.w.children(role), 15000);
	return pick(n.chance, list);
}
async function killOne(n, role) {
	const victim = await one(n, role);
	kill(victim.pid, 'SIGKILL');
	n.kills++;
	await waitFor('it to be gone', () => !alive(victim.pid));
}
/** dies ends the supervisor, and whom of its children it is told; then another is started. */
async function dies(n, children) {
	const pids = n.w.children().map(child => child.pid);
	const { ended, pid } = n.w.server;
	for (const victim of [pid, ...(children ? pids : [])]) kill(victim, 'SIGKILL');
	n.kills += children ? 1 + pids.length : 1;
	await ended;
	await waitFor('its children to be gone', () => !pids.some(alive), 1000);
	await n.w.start();
}
/** shell holds a transaction open, as a person might in the plain sqlite3 shell. */
async function shell(n, statements, ms) {
	const child = spawn('sqlite3', ['-batch', join(n.w.data, 'ringbolt.db')], { stdio: ['pipe', 'pipe', 'ignore'] });
	const gone = new Promise(done => child.on('exit', done));
	let said = '';
	child.stdout.on('data', text => { said += text; });
	child.stdin.on('error', () => {});
	child.stdin.write(`.timeout 5000\n${statements}\nSELECT 'held';\n`);
	try {
		await waitFor('the shell to hold it', () => said.includes('held') || child.exitCode !== null, 8000);
		await lasting(n, ms);
	} finally {
		child.stdin.end('ROLLBACK;\n');
		await gone;
	}
}
/** lasting lets time pass, with a kill in its midst as chance will have it. */
async function lasting(n, ms) {
	await after(ms / 2);
	if (n.chance() < 0.4) await killOne(n, pick(n.chance, ['front', 'worker']));
	await after(ms / 2);
}
async function ordered(n, orders, ms) {
	n.page.order(orders);
	try {
		await lasting(n, ms);
	} finally {
		n.page.calm();
	}
}

export const faults = [
	['kill the front', 6, n => killOne(n, 'front')],
	['kill a worker', 6, n => killOne(n, 'worker')],
	['kill all workers', 3, async n => {
		for (const { pid } of n.w.children('worker')) n.kills += kill(pid, 'SIGKILL');
	}],
	['kill the janitor', 2, n => killOne(n, 'janitor')],
	['kill the supervisor', 3, n => dies(n, false)],
	['kill everything', 3, n => dies(n, true)],
	['stop a worker', 4, async n => {
		const victim = await one(n, 'worker');
		kill(victim.pid, 'SIGSTOP');
		await lasting(n, 200 + below(n.chance, n.long ? 12000 : 4500));
		kill(victim.pid, 'SIGCONT');
	}],
	['a lease runs out', 2, async n => { // and its worker only slept: what it brings is too late
		const victim = await one(n, 'worker');
		kill(victim.pid, 'SIGSTOP');
		n.page.order({ clock_ahead_s: n.ahead += 3600 });
		await after(6500); // the janitor looks every five seconds
		kill(victim.pid, 'SIGCONT');
	}],
	['a sync fails once', 3, n => ordered(n, { sync_eio: 1 }, 300)],
	['every sync fails', 2, async n => {
		n.producer.deaf = ++n.deaf;
		n.page.order({ sync_eio: FOR_EVER });
		await after(300 + below(n.chance, 1200));
		n.producer.deaf = 0;
		n.page.calm();
	}],
	['syncs are slow', 3, n => ordered(n, { sync_slow_ms: 50 + below(n.chance, 300) }, 1500)],
	['writes are short', 3, n => ordered(n, { write_short: 1 + below(n.chance, 200) }, 500)],
	['a write fails', 3, n => ordered(n, { write_eio: 1 }, 300)],
	['writes find no room', 3, n => ordered(n, { write_enospc: 1 + below(n.chance, 30) }, 500)],
	['the disk is full', 2, async n => {
		if (!n.small) return false;
		const filler = join(n.small, 'filler'), fd = openSync(filler, 'w');
		try {
			for (let block = 1 << 20; block >= 4096;) {
				try {
					writeSync(fd, Buffer.alloc(block));
				} catch (error) {
					if (error.code !== 'ENOSPC') throw error;
					block >>= 2;
				}
			}
			await lasting(n, 1200);
		} finally {
			closeSync(fd);
			rmSync(filler);
		}
	}],
	['a reader holds on', 2, n => shell(n, 'BEGIN; SELECT count(*) FROM events;', n.long ? 20000 : 3000)],
	['a stranger holds the write lock', 2, n => shell(n, 'BEGIN IMMEDIATE;', 500 + below(n.chance, n.long ? 9500 : 2500))],
];

/** schedule gives names of faults, without end, each as often as its weight says; all once first. */
export function* schedule(chance) {
	const first = faults.map(([name]) => name);
	while (first.length) yield first.splice(below(chance, first.length), 1)[0];
	const bag = faults.flatMap(([name, weight]) => Array(weight).fill(name));
	for (;;) yield pick(chance, bag);
}
