// SPDX-License-Identifier: MIT
//
// story: a test. When it fails it shows the servers' logs; when a sanitizer or valgrind has
// found something it fails; and whatever was opened is closed at the end of the file.

import { after, test } from 'node:test';
import { destinations } from './http.mjs';
import { SLOW, worlds } from './world.mjs';

export function story(name, options, body) {
	if (!body) [options, body] = [{}, options];
	test(name, { timeout: 120000 * SLOW, ...options }, async t => {
		try {
			await body(t);
			for (const w of worlds) {
				const findings = w.findings();
				if (findings) throw new Error(findings);
			}
		} catch (error) {
			for (const w of worlds) console.error(`--- log of the server on port ${w.port}:\n${w.logTail()}`);
			throw error;
		}
	});
}

after(async () => {
	for (const w of [...worlds]) {
		try {
			await w.close();
		} catch (error) {
			console.error(error);
			process.exitCode = 1;
		}
	}
	for (const d of [...destinations]) d.close();
});
