// SPDX-License-Identifier: MIT
//
// retention: what is old goes, by itself and by command; what is pinned stays.

import assert from 'node:assert/strict';
import { failWith, flow, map } from './flows.mjs';
import { story } from './story.mjs';
import { World, few, inFlight, waitFor } from './world.mjs';

const flows = [flow('fine', [map('m', '{{ .body }}')]), flow('failing', [failWith('told to')], { retry: { attempts: 1 } })];

story('the server removes by itself what its settings no longer keep, but not what is pinned', async () => {
	const w = await World.open({ flows });
	for (const suffix of ['/fine', '/failing', '/fine']) assert.equal((await w.post(suffix, { a: 1 })).status, 202);
	await w.ended();
	await w.do(['event', 'pin', '1', '--reason', 'to look at']);
	await w.stop();
	const seen = await w.do(['retention', '--keep-events', '1ms', '--json']);
	assert.deepEqual(seen.rows().find(row => row.what === 'events'), { what: 'events', kept: '1ms', would_go: 2, bytes: 14 });
	assert.equal(await w.one('SELECT count(*) FROM event_history'), 3, 'a preview changes nothing');
	w.options = ['--keep-events', '1ms', '--keep-rejections', '1ms'];
	await w.start();
	await waitFor('the old events to be gone', async () => await w.one('SELECT count(*) FROM event_history') === 1);
	assert.deepEqual(await w.sql('SELECT id, reason FROM pinned_events'), [{ id: 1, reason: 'to look at' }]);
	assert.equal(await w.one("SELECT sum(count) FROM daily_counts WHERE outcome = 'accepted'"), 3, 'what was counted stays');
	assert.equal(await w.one('PRAGMA integrity_check'), 'ok');
	await w.close();
});

story('retention run removes while callers are served; a replay says what it cannot run again', async () => {
	const w = await World.open({ flows });
	await inFlight(16, Array.from({ length: few(600) }), (_, i) => w.post('/failing', { i }));
	await w.ended();
	const kept = (await w.post('/failing', { last: true })).json.event;
	await w.ended();
	await w.do(['event', 'pin', String(kept)]);
	const [removed, answers] = await Promise.all([
		w.do(['retention', 'run', '--keep-bodies', '1ms']),
		inFlight(8, Array.from({ length: 100 }), () => w.post('/fine', { meanwhile: true })),
	]);
	assert.ok(answers.every(answer => answer.status === 202));
	assert.match(removed.out, /removed: \d+ bodies/);
	await w.ended();
	const replay = await w.do(['replay', '--state', 'failed', '--json']);
	assert.deepEqual({ ...replay.rows()[0], replay: 0, oldest: 0, newest: 0 }, { dry_run: false, matched: few(600) + 1,
		eligible: 1, without_body: few(600), queued: 1, replay: 0, oldest: 0, newest: 0 });
	assert.match(replay.err, /some have been removed by retention/);
	assert.equal(await w.one('SELECT body_removed FROM event_requests WHERE id = 1'), 1);
	await w.close();
});

story('what is no age or no event is refused with a sentence', async () => {
	const w = await World.open({ flows, start: false });
	await w.do(['flow', 'apply', w.flows]);
	const wrong = await w.cli(['retention', '--keep-bodies', 'soon']);
	assert.equal(wrong.code, 2);
	assert.match(wrong.err, /keep-bodies.*30s|a time such as/);
	const none = await w.cli(['event', 'pin', '7']);
	assert.equal(none.code, 1);
	assert.match(none.err, /there is no event 7/);
	await w.close();
});
