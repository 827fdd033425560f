// SPDX-License-Identifier: MIT
//
// torture: load, faults after a schedule made of the seed, a drain without faults, and then what
// must hold whatever happened (the names I1 ... are those of docs/reliability.md).

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { World, alive, run, waitFor } from '../e2e/world.mjs';
import { check } from './check.mjs';
import { Producer, Sink, flows } from './load.mjs';
import { faults, schedule } from './nemesis.mjs';
import { Page } from './page.mjs';
import { below, random } from './random.mjs';

/** mountSmall mounts a file system of its own, or gives null where that is not permitted. */
async function mountSmall(size) {
	const dir = mkdtempSync(join(tmpdir(), 'ringbolt-small-'));
	const { code } = await run('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', dir]);
	if (code === 0) return dir;
	rmSync(dir, { recursive: true });
	return null;
}

async function breakThings(n, seconds, happened, say) {
	const until = Date.now() + seconds * 1000;
	let left = faults.length; // of those that happen once at least
	for (const name of schedule(n.chance)) {
		if (left-- <= 0 && Date.now() > until) break;
		const enough = n.producer.told + 20 + below(n.chance, 300);
		await waitFor(`work to flow again before: ${name}`, () => n.producer.told >= enough, 30000);
		say(name);
		const did = await faults.find(fault => fault[0] === name)[2](n);
		if (did !== false) happened[name] = (happened[name] ?? 0) + 1;
	}
}

/** torture gives the figures, or throws with what did not hold. say is told what happens. With calm
 * nothing is broken until so many events have been acknowledged. */
export async function torture({ seed, seconds = 0, calm = 0, say = () => {} }) {
	const n = { chance: random(seed), kills: 0, deaf: 0, ahead: 0, long: seconds > 120 };
	const sink = await Sink.open();
	n.small = await mountSmall(`${128 + seconds * 8}m`);
	const w = n.w = await World.open({ flows: flows(sink), start: false, data: n.small ? join(n.small, 'data') : undefined,
		serve: ['--crash-max', '100', '--run-limit', '15s'] });
	if (n.small) mkdirSync(w.data);
	n.page = new Page(join(w.dir, 'page'));
	w.env = n.page.env;
	try {
		await w.start();
		n.producer = new Producer(w, seed);
		const happened = {};
		try {
			if (calm) await waitFor(`${calm} acknowledged`, () => n.producer.told >= calm, 30000);
			else await breakThings(n, seconds, happened, say);
			n.page.calm();
			await waitFor('the server to be well', () => w.healthy(), 30000);
		} finally {
			n.page.calm();
			await n.producer.stop();
		}
		await w.ended(null, 60000);
		const pids = [w.server.pid, ...w.children().map(child => child.pid)];
		const { code } = await w.stop();
		assert.equal(code, 0, 'a clean end');
		assert.ok(!pids.some(alive), 'nothing of it is left');
		assert.equal(n.page.done().unlocked, 0, 'I12 the database was written to without the write lock');
		const figures = await check(w, n.producer.ledger, sink.effects, calm > 0);
		return { seed, seconds, kills: n.kills, faults: happened, disk: n.page.done(), ...figures };
	} finally {
		sink.close();
		n.page.close();
		if (n.small) {
			await w.stop();
			await run('umount', ['-l', n.small]);
			rmSync(n.small, { recursive: true, force: true });
		}
	}
}
