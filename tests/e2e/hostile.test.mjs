// SPDX-License-Identifier: MIT
//
// hostile: programs that never end, eat all memory or bring libjq down. Each costs its own
// event, which fails with a sentence; the others succeed at their first attempt, the caller
// who waits is answered, and the worker that died is replaced.

import assert from 'node:assert/strict';
import { flow, map, respond } from './flows.mjs';
import { story } from './story.mjs';
import { SLOW, World, inFlight, waitFor } from './world.mjs';

const endless = [
	['an endless reduce', 'reduce range(1e18) as $i (0; . + 1)'],
	['an endless generator', 'last(repeat(1))'],
	['a condition that never holds', '0 | until(false; . + 0)'],
	['a loop by recursion', 'def f: if . < 0 then . else (. + 1 | f) end; 0 | f'],
	['a path that grows for ever', '[limit(1e15; repeat(null))] | length'],
	['a product of lists', '[range(1e4)] as $a | reduce ($a[] | . as $x | $a[] | . as $y | $a[] | $x + $y) as $n (0; . + $n)'],
	['an endless fold', 'last(foreach range(1e18) as $i (0; . + $i))'],
];
const bombs = [
	['a text of 1000 million bytes', '("x" * 1000000000) | length'],
	['a list of 1000 million numbers', '[range(1e9)] | length'],
	['a text that doubles itself', 'reduce range(60) as $i ("x"; . + .) | length'],
	['a list that holds itself twice', 'reduce range(60) as $i ([1]; . + .) | length'],
	['recursion without an end', 'def f: 1 + f; f'],
	['lists within lists without an end', 'def f: [f]; f | length'],
	['an object of 100 million members', 'reduce range(1e8) as $i ({}; .["k\\($i)"] = $i) | length'],
	['a place far out in a list', '[] | .[536870000] = 1 | length'],
	['all combinations', '[[range(100)] | [., ., ., ., .] | combinations] | length'],
];
/** Those that fail by themselves, here or in another version of libjq, but may do worse. */
const wicked = [
	['a regular expression that backtracks for ever', '("a" * 60 + "b") | test("^(a+)+$")'],
	['one nested deeper', '("x" * 5000) | test("(x+x+)+y")'],
	['a character that there is none of', '[1114112] | implode'],
	['a character below zero', '[-1] | implode'],
	['a value nested deeper than anything prints', 'reduce range(100000) as $i (0; [.])'],
	['a comparison of what is nested so deep', '(reduce range(100000) as $i (0; [.])) as $d | $d == ($d | [.] | .[0] | map(.))'],
	['text that is no JSON', '("[" * 100000) | fromjson'],
	['a date beyond all years', '1e300 | todate'],
	['a path that nothing has', '[range(100000) | "a"] as $p | null | setpath($p; 1)'],
	['an index that is no number', '[1, 2] | .[nan] = 1 | .[-9]= 1'],
];

const hook = { retry: { attempts: 1 } };
const name = i => `p${i}`;

/** Opens a server with a flow for each program, beside one that does no harm. */
async function open(list, more = []) {
	return World.open({
		workers: '2:2', serve: ['--run-limit', `${2 * SLOW}s`, '--crash-max', '1', '--worker-memory-mb', '128', ...more],
		flows: [flow('open', [map('m', '{{ .body.n + 1 }}')], hook),
			...list.map(([, program], i) => flow(name(i), [map('m', `{{ ${program} }}`)], hook))],
	});
}

/** Each program once, harmless events all the while; every one of them must end well. */
async function endure(w, list, verdict) {
	const ids = [];
	let n = 0, harmless = [];
	for (const [i] of list.entries()) {
		ids.push((await w.post(`/${name(i)}`, {})).json.event);
		harmless.push(...await inFlight(4, Array.from({ length: 5 }), () => w.post('/open', { n: n++ }).then(got => got.json.event)));
	}
	await w.ended(null, 10000 + 3000 * list.length);
	for (const [i, [what]] of list.entries()) await verdict(what, await w.event(ids[i]));
	for (const id of harmless) {
		const { state, attempts } = await w.event(id);
		assert.deepEqual([state, attempts], ['succeeded', 1], `harmless event ${id}`);
	}
	await waitFor('both workers to be there', () => w.children('worker').length === 2);
	const last = (await w.post('/open', { n: 1 })).json.event;
	assert.equal((await w.ended(last)).state, 'succeeded');
	assert.ok(await w.healthy());
}

function failedWithASentence(what, event) {
	assert.equal(event.state, 'failed', `${what}: ${event.state}`);
	assert.equal(event.attempts, 1, what);
	assert.ok(event.error?.length > 20, `${what}: ${event.error}`);
}

story('a program that never ends costs its own event, and no more than the limit', async () => {
	const w = await open(endless);
	await endure(w, endless, (what, event) => {
		failedWithASentence(what, event);
		assert.match(event.error, /limit/, what);
	});
	for (const run of await w.sql("SELECT event, duration_ms FROM run_history WHERE outcome = 'timed out'")) {
		assert.ok(run.duration_ms < 4000 * SLOW, `event ${run.event}: ${run.duration_ms} ms`);
	}
	assert.equal(await w.one("SELECT count(*) FROM run_history WHERE outcome = 'timed out'"), endless.length);
	await w.close();
});

story('a program that eats all memory costs its own event', { skip: SLOW > 1 && 'no memory limits under a sanitizer' }, async () => {
	const w = await open(bombs);
	await endure(w, bombs, failedWithASentence);
	await w.close();
});

story('what brings libjq to its edges hurts nobody else', async () => {
	const w = await open(wicked);
	await endure(w, wicked, (what, event) => {
		assert.match(event.state, /^(failed|succeeded)$/, what);
		if (event.state === 'failed') failedWithASentence(what, event);
	});
	await w.close();
});

story('a caller who waits for a hostile program is told, and the next one is served', async () => {
	const w = await World.open({ workers: '1:1', serve: ['--run-limit', `${SLOW}s`, '--crash-max', '1'], flows: [
		flow('loop', [map('m', '{{ if .body.loop then last(repeat(1)) else 1 end }}'), respond(200, 'through')],
			{ ...hook, deadline_ms: 20000 }),
	] });
	const waited = await w.post('/loop', { loop: true });
	assert.equal(waited.status, 500);
	assert.ok(waited.json.event > 0, waited.text);
	const next = await w.post('/loop', {});
	assert.deepEqual([next.status, next.text], [200, 'through']);
	await w.close();
});
