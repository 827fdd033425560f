// SPDX-License-Identifier: MIT
//
// torture: the short forms of `make torture` and `make torture-long`, which say more. SEED=n
// repeats a run's choices. Not under sanitizers and valgrind: the shim is preloaded.

import assert from 'node:assert/strict';
import { powercut } from '../torture/powercut.mjs';
import { seedOf } from '../torture/random.mjs';
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
