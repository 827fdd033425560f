// SPDX-License-Identifier: MIT
//
// bench: the ratios of docs/performance.md, in one run on one machine, so that they can be
// compared where seconds cannot. `make bench`; see the page for how to read it.
//
//     node tests/bench/bench.mjs [--json] [--seconds 6] [--rounds 3] [-- flags for serve]
//
// BENCH_DIR   where the database is put (default: build/; never a tmpfs, which syncs nothing)

import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { flow, map, respond } from '../e2e/flows.mjs';
import { ROOT, TOOLS, World, freePort, kill, run, waitFor } from '../e2e/world.mjs';

const CONNECTIONS = 64;
const HERE = dirname(fileURLToPath(import.meta.url));
const { values: options, positionals: serve } = parseArgs({
	options: { json: { type: 'boolean' }, seconds: { type: 'string', default: '6' }, rounds: { type: 'string', default: '3' } },
	allowPositionals: true,
});
const SECONDS = +options.seconds, ROUNDS = +options.rounds;
const median = list => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const say = text => options.json || console.log(text);

/** wrk posts for some seconds and gives what it counted; anything but 2xx makes it void. */
async function wrk(url, connections, seconds = SECONDS) {
	const { out, err } = await run('wrk', [`-c${connections}`, `-t${Math.min(connections, 2)}`, `-d${seconds}s`, '--latency',
		'--timeout', '10s', '-s', join(HERE, 'post.lua'), url], { within: (seconds + 30) * 1000 });
	const line = /^RESULT (.*)$/m.exec(out);
	if (!line) throw new Error(`wrk said nothing: ${out}${err}`);
	const got = JSON.parse(line[1]);
	return { ...got, rate: got.requests / got.seconds, void: got.refused + got.failed > 0 };
}

/** bare starts a CivetWeb handler that does nothing but answer: the ceiling. */
async function startBare() {
	const port = await freePort();
	const child = spawn(join(TOOLS, 'bare'), [String(port), '128'], { stdio: ['ignore', 'pipe', 'inherit'] });
	await new Promise((done, fail) => {
		child.on('error', fail);
		child.on('exit', code => fail(new Error(`bare ended with ${code}`)));
		child.stdout.on('data', text => String(text).includes('ready') && done());
	});
	return { url: `http://127.0.0.1:${port}/`, stop: () => kill(child.pid, 'SIGTERM') };
}

/** memory of all processes of the server: each page counted once. */
function memory(w) {
	let kib = 0;
	for (const pid of [w.server.pid, ...w.children().map(child => child.pid)]) {
		kib += +/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1];
	}
	return { mib: kib / 1024, processes: 1 + w.children().length };
}

const backlog = w => w.one("SELECT count(*) FROM queue_now");
const drained = w => waitFor('the queue to be empty', async () => await backlog(w) === 0, 300000);

const busy = loadavg()[0];
if (busy > 0.5) console.error(`The load average is ${busy.toFixed(1)} before anything has begun: other programs take part in what is measured.`);
const dir = process.env.BENCH_DIR ?? join(ROOT, 'build');
mkdirSync(dir, { recursive: true });
const w = await World.open({
	under: dir, workers: null, serve,
	flows: [
		flow('durable', [map('order', { id: '{{ .body.id }}', email: '{{ .body.email }}' })]),
		flow('sync', [
			map('order', { id: '{{ .body.id }}', total: '{{ [.body.line_items[] | .quantity * (.price | tonumber)] | add }}' }),
			respond(201, { order: '{{ .steps.order.id }}', total: '{{ .steps.order.total }}' }, { headers: { 'X-Order': '{{ .body.id }}' } }),
		]),
	],
});
const bare = await startBare();
const url = name => `http://127.0.0.1:${w.port}/in/${name}`;
const rows = { bare: [], durable: [], sync: [], one_durable: [], one_sync: [], fsync: [] };
let memory_idle, memory_loaded;

async function fsync() {
	const { out, err, code } = await run(join(TOOLS, 'fsync'), [dir]);
	if (code !== 0) throw new Error(`fsync: ${err}`);
	const [, p50_us, p99_us] = /p50_us=(\d+) p99_us=(\d+)/.exec(out);
	return { p50_us: +p50_us, p99_us: +p99_us };
}
async function durable() {
	const got = await wrk(url('durable'), CONNECTIONS);
	const left = await backlog(w);
	memory_loaded = memory(w);
	rows.durable.push({ ...got, finished: (got.requests - left) / got.seconds, backlog: left });
	await drained(w);
}

try {
	memory_idle = memory(w);
	for (const name of ['durable', 'sync']) await wrk(url(name), 4, 1); // so that the log file has its size
	await drained(w);
	for (let round = 1; round <= ROUNDS; round++) {
		say(`round ${round} of ${ROUNDS} …`);
		rows.bare.push(await wrk(bare.url, CONNECTIONS));
		await durable();
		rows.one_durable.push(await wrk(url('durable'), 1));
		await drained(w);
		rows.fsync.push(await fsync());
		rows.sync.push(await wrk(url('sync'), CONNECTIONS));
		rows.one_sync.push(await wrk(url('sync'), 1));
	}
} finally {
	bare.stop();
	await w.close();
}

const mid = (name, key) => median(rows[name].map(row => row[key]));
const sound = name => !rows[name].some(row => row.void);
/** ratio of what ran in the same round, the median of the rounds: a machine changes its pace meanwhile. */
const ratio = (name, key, base) => median(rows[name].map((row, i) => row[key] / rows[base][i][key]));
const sync_us = mid('fsync', 'p50_us'), ceiling = mid('bare', 'rate');
const result = {
	machine: { processors: cpus().length, model: cpus()[0].model, fdatasync_p50_us: sync_us, fdatasync_p99_us: mid('fsync', 'p99_us') },
	bare_per_second: ceiling,
	durable: { per_second: mid('durable', 'rate'), ratio: ratio('durable', 'rate', 'bare'), valid: sound('durable') && sound('bare'),
		finished_per_second: mid('durable', 'finished'), backlog: mid('durable', 'backlog'), p50_us: mid('durable', 'p50_us'), p99_us: mid('durable', 'p99_us') },
	durable_one: { p50_us: mid('one_durable', 'p50_us'), ratio: ratio('one_durable', 'p50_us', 'fsync'), valid: sound('one_durable') },
	sync: { per_second: mid('sync', 'rate'), ratio: ratio('sync', 'rate', 'bare'), valid: sound('sync') && sound('bare'),
		p50_us: mid('sync', 'p50_us'), p99_us: mid('sync', 'p99_us') },
	sync_one: { p50_us: mid('one_sync', 'p50_us'), ratio: ratio('one_sync', 'p50_us', 'fsync'), valid: sound('one_sync') },
	memory: { idle_mib: memory_idle.mib, loaded_mib: memory_loaded.mib, processes: memory_loaded.processes },
	rounds: rows,
};

const count = n => Math.round(n).toLocaleString('en-US');
const ms = us => `${(us / 1000).toFixed(2)} ms`;
const { durable: d, durable_one: d1, sync: s, sync_one: s1 } = result;
const table = [
	['what', 'value', 'against', 'ratio', 'target'],
	['durable 202, 64 connections', `${count(d.per_second)}/s`, `bare ${count(ceiling)}/s`, d.ratio.toFixed(2), '>= 0.30', d.valid],
	['  finished by workers meanwhile', `${count(d.finished_per_second)}/s`, `backlog ${count(d.backlog)}`, '', ''],
	['p50 of a durable 202, 1 connection', ms(d1.p50_us), `fdatasync ${ms(sync_us)}`, d1.ratio.toFixed(2), '<= 1.60', d1.valid],
	['sync reply, 64 connections', `${count(s.per_second)}/s`, `bare ${count(ceiling)}/s`, s.ratio.toFixed(2), '>= 0.20', s.valid],
	['p50 of a sync reply, 1 connection', ms(s1.p50_us), `fdatasync ${ms(sync_us)}`, s1.ratio.toFixed(2), '<= 1.0 ms', s1.valid],
	['memory under load (PSS)', `${result.memory.loaded_mib.toFixed(0)} MiB`, `idle ${result.memory.idle_mib.toFixed(0)} MiB`, '', '<= 64 MiB'],
];
if (options.json) {
	console.log(JSON.stringify(result));
} else {
	const widths = table[0].map((_, i) => Math.max(...table.map(row => String(row[i]).length)));
	for (const row of table) {
		console.log(row.slice(0, 5).map((cell, i) => (i ? String(cell).padStart(widths[i]) : cell.padEnd(widths[i]))).join('   ')
			+ (row[5] === false ? '   VOID: not all answers were 2xx' : ''));
	}
	console.log(`\n${result.machine.processors} x ${result.machine.model}, the load generator on the same; fdatasync p99 ${ms(result.machine.fdatasync_p99_us)}.`
		+ `\nMedian of ${ROUNDS} rounds of ${SECONDS} s, interleaved.`);
}
process.exitCode = [d, d1, s, s1].every(row => row.valid) ? 0 : 1;
