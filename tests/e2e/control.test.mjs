// SPDX-License-Identifier: MIT
//
// control: how many requests are let in, and which events run first.

import assert from 'node:assert/strict';
import { flow, map } from './flows.mjs';
import { story } from './story.mjs';
import { World, inFlight, waitFor } from './world.mjs';

story('a flood over a rate limit gets 429, is counted whole and leaves few rows', async () => {
	const w = await World.open({
		flows: [
			flow('slow', [map('m', 1)], { rate_limit: { per_second: 0.01, burst: 5 } }),
			flow('free', [map('m', 1)]),
		],
	});
	const flood = async n => {
		const got = await inFlight(8, Array.from({ length: n }), () => w.post('/slow', { a: 1 }));
		return got.filter(answer => answer.status === 202).length;
	};
	assert.equal(await flood(200), 5);
	const refused = await w.post('/slow', { a: 1 });
	assert.equal(refused.status, 429);
	assert.ok(+refused.headers['retry-after'] >= 1 && +refused.headers['retry-after'] <= 100, refused.headers['retry-after']);
	assert.match(refused.json.error, /try again later/);
	assert.equal((await w.post('/free', { a: 1 })).status, 202);

	// A new version and a reload of the hooks do not fill the bucket.
	w.writeFlow(flow('slow', [map('m', 2)], { rate_limit: { per_second: 0.01, burst: 5 } }));
	assert.equal((await w.cli(['flow', 'apply', w.flows])).code, 0);
	await waitFor('the new version', async () => (await w.one(`SELECT max(number) FROM flow_versions`)) === 2);
	assert.equal(await flood(50), 0);

	const counted = outcome => w.one(`SELECT sum(count) FROM daily_counts WHERE flow = 'slow' AND outcome = '${outcome}'`);
	await waitFor('all refusals to be counted', async () => await counted('rejected') === 246);
	assert.equal(await counted('accepted'), 5);
	const rows = await w.sql(`SELECT status, cause FROM rejected_requests WHERE flow = 'slow'`);
	assert.ok(rows.length >= 1 && rows.length <= 20, `${rows.length} rows`);
	assert.equal(rows[0].status, 429);
	assert.match(rows[0].cause, /rate limit of 0.01 a second/);
	await w.close();
});
