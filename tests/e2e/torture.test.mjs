// SPDX-License-Identifier: MIT
//
// torture: the short forms of `make torture` and `make torture-long`, which say more. SEED=n
// repeats a run's choices. Not under sanitizers and valgrind: the shim is preloaded.

import assert from 'node:assert/strict';
import { powercut } from '../torture/powercut.mjs';
import { seedOf } from '../torture/random.mjs';
import { faults } from '../torture/nemesis.mjs';
import { torture } from '../torture/torture.mjs';
import { story } from './story.mjs';
import { SLOW } from './world.mjs';

const skip = SLOW > 1 && 'the preloaded shim and the deadlines are those of the plain build';
const seed = seedOf();

story('a power cut at any moment loses nothing that was acknowledged, whatever the disk had kept', { skip }, async () => {
	console.log(`# seed ${seed}`);
	const figures = await powercut({ seed, images: 160, events: 400, starts: 4 });
	console.log(`# ${JSON.stringify(figures)}`);
	assert.ok(figures.images >= 100 && figures.open >= 40, 'enough images, and enough of them with writes that were not synced');
});

story('while nothing breaks every event is run once, and every call made once', { skip }, async () => {
	const figures = await torture({ seed, calm: 1500 });
	console.log(`# ${JSON.stringify(figures)}`);
});

story('nothing acknowledged is lost, nothing is left undone, whatever breaks', { skip, timeout: 240000 }, async () => {
	console.log(`# seed ${seed}`);
	const figures = await torture({ seed, seconds: 40, say: what => console.log(`# ${what}`) });
	console.log(`# ${JSON.stringify(figures)}`);
	const missing = faults.map(([name]) => name).filter(name => !figures.faults[name]);
	assert.deepEqual(missing.filter(name => name !== 'the disk is full'), [], 'everything has happened that can happen here');
	assert.ok(figures.acknowledged > 1000, 'enough was acknowledged to mean something');
});
