// SPDX-License-Identifier: MIT
//
// page: the file that the tests share with shim.so in the server: orders to its disk, counters,
// and the record of what was written and synced. Its form is tests/torture/shim.h.

import { closeSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { TOOLS } from '../e2e/world.mjs';

const RECORD_AT = 4096, ENTRY_BYTES = 24;
export const FOR_EVER = 0xffffffff;
export const WRITE = 1, TRUNCATE = 2, SYNC_BEGIN = 3, SYNC_END = 4, UNLINK = 5, ANSWER = 6;
export const DATABASE = 1, LOG = 2;
const ORDERS = { recording: 8, sync_eio: 12, sync_slow_ms: 16, write_short: 20, write_eio: 24, write_enospc: 28, clock_ahead_s: 52 };
const DONE = { sync_eio: 32, sync_slow: 36, write_short: 40, write_eio: 44, write_enospc: 48, unlocked: 56 };

export const SHIM = join(dirname(TOOLS), 'torture/shim.so');

export class Page {
	constructor(file, record_bytes = 1 << 20) {
		this.file = file;
		this.fd = openSync(file, 'w+');
		ftruncateSync(this.fd, RECORD_AT + record_bytes);
		this.capacity = record_bytes;
	}
	/** env is what the server is started with. */
	get env() {
		return { LD_PRELOAD: SHIM, SHIM_PAGE: this.file };
	}
	/** order tells the disk how it fails from now on: {sync_eio: 1, ...}. */
	order(orders) {
		for (const [name, value] of Object.entries(orders)) {
			if (!(name in ORDERS)) throw new Error(`no such order: ${name}`);
			const bytes = Buffer.alloc(4);
			bytes.writeUInt32LE(value);
			writeSync(this.fd, bytes, 0, 4, ORDERS[name]);
		}
	}
	calm() {
		this.order({ sync_eio: 0, sync_slow_ms: 0, write_short: 0, write_eio: 0, write_enospc: 0 });
	}
	done() {
		const bytes = Buffer.alloc(64);
		readSync(this.fd, bytes, 0, 64, 0);
		return Object.fromEntries(Object.entries(DONE).map(([name, at]) => [name, bytes.readUInt32LE(at)]));
	}
	/** record is every entry, in order: {at, kind, file, offset, data}. */
	record() {
		const head = Buffer.alloc(8);
		readSync(this.fd, head, 0, 8, 0);
		const used = Number(head.readBigUInt64LE());
		if (used > this.capacity) throw new Error(`the record is full: ${used} bytes of ${this.capacity}`);
		const bytes = Buffer.alloc(used);
		for (let at = 0; at < used;) {
			const n = readSync(this.fd, bytes, at, used - at, RECORD_AT + at);
			if (n === 0) throw new Error('the record is shorter than it says');
			at += n;
		}
		const entries = [];
		for (let at = 0; at < used;) {
			const length = bytes.readUInt32LE(at + 16);
			if (bytes.readUInt32LE(at + 20) !== 1) break;
			entries.push({ at, kind: bytes.readUInt32LE(at), file: bytes.readUInt32LE(at + 4),
				offset: Number(bytes.readBigUInt64LE(at + 8)), data: bytes.subarray(at + ENTRY_BYTES, at + ENTRY_BYTES + length) });
			at += ENTRY_BYTES + ((length + 7) & ~7);
		}
		return entries;
	}
	close() {
		closeSync(this.fd);
	}
}
