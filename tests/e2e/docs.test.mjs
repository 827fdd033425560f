// SPDX-License-Identifier: MIT
//
// docs: the commands of README.md and docs/*.md do what is said there. A block
//
//     <!-- test -->
//     ```sh
//
// is run in a fresh directory, with the program on the PATH and the repository's examples at hand.
// <!-- test serve --> runs it beside a server with the example flows, at the addresses of the manual
// (ports 8080 and 8081 are replaced by free ones), its data directory at ./ringbolt-data.

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { story } from './story.mjs';
import { RINGBOLT, ROOT, World, run } from './world.mjs';

const pages = ['README.md', ...readdirSync(join(ROOT, 'docs')).filter(name => name.endsWith('.md')).map(name => `docs/${name}`)]
	.filter(page => existsSync(join(ROOT, page)));
const BLOCK = /<!-- test( serve)? -->\s*\n```sh\n([\s\S]*?)\n```/g;

story('the manual has commands that can be run', () => {
	assert.ok(pages.some(page => readFileSync(join(ROOT, page), 'utf8').match(BLOCK)), 'no page has a block marked <!-- test -->');
});

for (const page of pages) {
	const text = readFileSync(join(ROOT, page), 'utf8');
	for (const [whole, serve, script] of text.matchAll(BLOCK)) {
		const line = text.slice(0, text.indexOf(whole)).split('\n').length;
		story(`the commands of ${page}, line ${line}, run`, async () => {
			const w = serve ? await World.open() : null;
			const dir = w ? w.dir : mkdtempSync(join(tmpdir(), 'ringbolt-docs-'));
			try {
				if (w) {
					await w.do(['flow', 'apply', join(ROOT, 'examples')]);
					symlinkSync(w.data, join(dir, 'ringbolt-data'));
				}
				symlinkSync(join(ROOT, 'examples'), join(dir, 'examples'));
				symlinkSync(join(ROOT, 'schema'), join(dir, 'schema'));
				const here = w ? script.replaceAll(':8080', `:${w.port}`).replaceAll(':8081', `:${w.console}`) : script;
				const got = await run('sh', ['-eu', '-c', here], { cwd: dir, env: { PATH: `${dirname(RINGBOLT)}:${process.env.PATH}` } });
				assert.equal(got.code, 0, `${here}\n${got.out}${got.err}`);
			} finally {
				if (w) await w.close();
				else rmSync(dir, { recursive: true, force: true });
			}
		});
	}
}

/** What is drawn by the program itself must be what the program would draw now. */
const drawn = {
	'docs/cli.md': ['help', '--markdown'],
	'schema/database.sql': ['schema', 'database'],
	'schema/flow.schema.json': ['schema', 'flow'],
};
for (const [file, args] of Object.entries(drawn)) {
	story(`${file} is what ringbolt ${args.join(' ')} prints`, async () => {
		const got = await run(RINGBOLT, args);
		assert.equal(got.code, 0, got.err);
		assert.equal(readFileSync(join(ROOT, file), 'utf8'), got.out, `draw it again: ringbolt ${args.join(' ')} > ${file}`);
	});
}
