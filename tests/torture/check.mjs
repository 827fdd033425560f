// SPDX-License-Identifier: MIT
//
// check: what must hold after the drain, whatever happened before.

import assert from 'node:assert/strict';

const counted = list => list.reduce((n, key) => n.set(key, (n.get(key) ?? 0) + 1), new Map());

/** none fails with the first of a list of faults. */
function none(list, what) {
	assert.ok(list.length === 0, `${what}: ${list.length}, such as ${JSON.stringify(list.slice(0, 5))}`);
}

export async function check(w, ledger, effects, calm) {
	assert.equal(await w.one('PRAGMA integrity_check'), 'ok', 'I8');
	none(await w.sql('PRAGMA foreign_key_check'), 'I8 foreign keys');
	const rows = await w.sql(`SELECT e.id, e.state, e.owner, e.run, e.dedupe_key, hex(sha3(q.body, 256)) AS digest, f.name AS flow
		FROM events e JOIN requests q USING (id) JOIN flows f ON f.id = e.flow_id`);
	const runs = await w.sql(`SELECT event, run, outcome, reply_status, reply_body, error FROM run_history ORDER BY event, run`);
	const events = new Map(rows.map(row => [row.id, row]));
	const told = ledger.filter(entry => entry.event);

	none(ledger.filter(entry => !entry.unknown && ![200, 201, 202, 500, 503, 504].includes(entry.status))
		.map(({ kind, status, text }) => ({ kind, status, text })), 'answers nobody expects');
	none(ledger.filter(entry => /^no answer/.test(entry.unknown)), 'callers left hanging');
	none(ledger.filter(entry => entry.status < 300 && !entry.event), 'acknowledgements that name no event');
	const lost = told.filter(({ event }) => !events.has(event));
	none(lost, 'I1 acknowledged and gone');
	none(told.filter(entry => events.get(entry.event).digest !== entry.digest || events.get(entry.event).flow !== entry.kind),
		'I1 acknowledged and changed');
	const others = told.filter(entry => entry.kind !== 'once');
	none([...counted(others.map(entry => entry.event))].filter(([, n]) => n > 1), 'I1 one event told to two callers');

	none(rows.filter(row => !['succeeded', 'failed'].includes(row.state)), 'I2 not ended');
	none(rows.filter(row => row.owner !== 0).map(({ id, state, owner }) => ({ id, state, owner })), 'I2 ended and still owned');
	none(runs.filter(row => row.outcome === 'running'), 'I2 runs without an end');

	const sent = new Set(ledger.map(entry => entry.digest));
	none(rows.filter(row => !sent.has(row.digest)), 'I3 sent by nobody');
	const once = rows.filter(row => row.flow === 'once');
	none([...counted(once.map(row => row.digest))].filter(([, n]) => n > 1), 'I3 two events of one dedupe key');
	const kept = counted(rows.map(row => row.digest)), tried = counted(ledger.map(entry => entry.digest));
	none([...kept].filter(([digest, n]) => n > tried.get(digest)), 'I3 stored more often than sent');

	const runsOf = counted(runs.map(row => row.event));
	const byEvent = new Map();
	for (const effect of effects) {
		const event = +/^ringbolt-(\d+)-c$/.exec(effect.key)?.[1];
		assert.ok(events.has(event), `I5 an effect of an event that is not there: ${JSON.stringify(effect)}`);
		byEvent.set(event, [...(byEvent.get(event) ?? []), effect]);
	}
	// libcurl sends again by itself, within the run, what met the reset of a connection it had used before.
	none([...byEvent].filter(([event, made]) => made.filter(effect => effect.answered).length > runsOf.get(event)).map(([event, made]) => ({ event, runs: runsOf.get(event), made })),
		'I5 more effects than runs');
	const idOf = new Map(told.map(entry => [entry.event, entry.id]));
	none([...byEvent].filter(([event, made]) => new Set(made.map(effect => effect.id)).size !== 1
		|| (idOf.has(event) && made[0].id !== idOf.get(event))), 'I5 one key for two things');
	none(rows.filter(row => ['far', 'farreply', 'once', 'ordered'].includes(row.flow) && row.state === 'succeeded'
		&& !byEvent.get(row.id)?.some(effect => effect.answered === 200)), 'I5 succeeded without an effect');
	if (calm) {
		none(ledger.filter(entry => !(entry.status < 300)), 'I4 refused although nothing was broken');
		const steady = rows.filter(row => !['far', 'ordered'].includes(row.flow)); // those meet the moods of the sink
		none(steady.filter(row => runsOf.get(row.id) !== 1), 'I4 not one run');
		none(steady.filter(row => ['farreply', 'once'].includes(row.flow) && byEvent.get(row.id).length !== 1), 'I4 not one call');
	}
	const outcomes = new Map(runs.map(row => [`${row.event}.${row.run}`, row]));
	const failed = rows.filter(row => row.state === 'failed');
	none(failed.filter(row => outcomes.get(`${row.id}.${row.run}`)?.outcome !== 'timed out')
		.map(row => outcomes.get(`${row.id}.${row.run}`) ?? row), 'I7 failed, and not for its time limit');

	const replies = new Map(runs.filter(row => row.reply_status !== null).map(row => [row.event, row]));
	none(told.filter(entry => ['reply', 'farreply'].includes(entry.kind) && entry.status < 300 && (replies.get(entry.event)?.reply_status !== entry.status
		|| replies.get(entry.event).reply_body !== entry.text)), 'I6 told otherwise than stored');
	none(told.filter(entry => entry.deaf && entry.kind !== 'once').map(({ kind, id, event, status, deaf }) => ({ kind, id, event, status, deaf })),
		'I10 acknowledged while no sync succeeded');

	const count = async outcome => await w.one(`SELECT coalesce(sum(count), 0) FROM daily_counts WHERE outcome = '${outcome}'`);
	assert.equal(await count('accepted'), rows.length, 'I8 the counts add up');
	for (const state of ['succeeded', 'failed']) {
		assert.equal(await count(state), rows.filter(row => row.state === state).length, `I8 the counts of ${state} add up`);
	}
	assert.equal(await count('crashed'), runs.filter(row => ['crashed', 'timed out'].includes(row.outcome)).length,
		'I7 every run that was given up is counted, and nobody has come back to it');
	const duplicates = told.filter(entry => entry.kind === 'once').length - new Set(told.filter(entry => entry.kind === 'once').map(entry => entry.event)).size;
	assert.ok(await count('duplicate') >= duplicates, 'I8 every duplicate told of is counted');
	return {
		sent: ledger.length, acknowledged: told.filter(entry => entry.status < 300).length, lost: lost.length,
		refused: ledger.filter(entry => entry.status === 503).length, unknown: ledger.filter(entry => entry.unknown).length,
		late: ledger.filter(entry => entry.status === 504).length, stored: rows.length, effects: effects.length,
		again: rows.filter(row => runsOf.get(row.id) > 1).length, crashed: runs.filter(row => row.outcome === 'crashed').length,
		timed_out: failed.length,
	};
}
