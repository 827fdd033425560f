// SPDX-License-Identifier: MIT
//
// main torture|powercut...: the long forms. SEED, SECONDS and IMAGES in the environment.

import { destinations } from '../e2e/http.mjs';
import { worlds } from '../e2e/world.mjs';
import { powercut } from './powercut.mjs';
import { seedOf } from './random.mjs';
import { torture } from './torture.mjs';

const seed = seedOf(), seconds = +(process.env.SECONDS || 60), images = +(process.env.IMAGES || 1000);
const parts = {
	torture: () => torture({ seed, seconds, say: what => console.log(`${new Date().toISOString()} ${what}`) }),
	powercut: () => powercut({ seed, images, events: Math.max(400, images), starts: Math.ceil(images / 40) }),
};

console.log(`seed ${seed} (SEED=${seed} repeats its choices)`);
try {
	for (const name of process.argv.slice(2)) console.log(name, await parts[name]());
} catch (error) {
	console.error(error.message ?? error);
	for (const w of worlds) console.error(`--- log of the server on port ${w.port} (${w.dir}):\n${w.logTail(60)}`);
	process.exitCode = 1;
} finally {
	for (const w of [...worlds]) await w.close().catch(error => console.error(error.message));
	for (const d of [...destinations]) d.close();
}
