// SPDX-License-Identifier: MIT
//
// images: what a power cut could have left of the database and its log, made from the record of
// the shim. Certain are the writes that a successful sync, begun after them, has covered; of the
// others a disk may have kept none, all, any, or any blocks of 512 bytes.
//
// Taken as a journalling file system does it: a file's name is kept with its first sync, and
// the removal of the log is kept at once.

import { ANSWER, DATABASE, LOG, SYNC_END, TRUNCATE, UNLINK, WRITE } from './page.mjs';

export const KEPT = ['none', 'all', 'some', 'torn'];
const BLOCK = 512;

class Disk {
	constructor(bytes = Buffer.alloc(0), size = 0) {
		this.bytes = bytes;
		this.size = size;
	}
	copy() {
		return new Disk(Buffer.from(this.bytes.subarray(0, this.size)), this.size);
	}
	truncate(size) {
		this.room(size);
		if (size < this.size) this.bytes.fill(0, size, this.size);
		this.size = size;
	}
	write(offset, data) {
		this.room(offset + data.length);
		data.copy(this.bytes, offset);
		this.size = Math.max(this.size, offset + data.length);
	}
	room(size) {
		if (size <= this.bytes.length) return;
		const larger = Buffer.alloc(Math.max(size, this.bytes.length * 2));
		this.bytes.copy(larger, 0, 0, this.size);
		this.bytes = larger;
	}
	apply(entry) {
		if (entry.kind === TRUNCATE) this.truncate(entry.offset);
		else this.write(entry.offset, entry.data);
	}
}

/** answerOf reads what a recorded answer told: {status, event}. */
function answerOf(entry) {
	const head = entry.data.toString('latin1');
	return { status: +head.slice(9, 12), event: +(/^ringbolt-event: (\d+)/im.exec(head)?.[1] ?? 0) };
}

/** Cuts walks the record once: at(place) goes forward to it, image(kept, chance) is what may be left. */
export class Cuts {
	constructor(record) {
		this.record = record;
		this.next = 0;
		this.certain = { [DATABASE]: new Disk(), [LOG]: new Disk() };
		this.pending = { [DATABASE]: [], [LOG]: [] };
		this.told = []; // answers that had left before the cut
	}
	/** at goes on to just before entry n of the record. */
	at(n) {
		for (; this.next < n; this.next++) {
			const entry = this.record[this.next];
			const { kind, file } = entry;
			if (kind === WRITE || kind === TRUNCATE) this.pending[file].push(entry);
			else if (kind === SYNC_END) this.sync(file, entry.offset);
			else if (kind === UNLINK) {
				this.certain[file] = new Disk();
				this.pending[file] = [];
			} else if (kind === ANSWER) this.told.push(answerOf(entry));
		}
	}
	sync(file, begun) {
		const later = [];
		for (const entry of this.pending[file]) {
			if (entry.at < begun) this.certain[file].apply(entry);
			else later.push(entry);
		}
		this.pending[file] = later;
	}
	get open() {
		return this.pending[DATABASE].length + this.pending[LOG].length;
	}
	/** image gives the two files: {database, log}, of those bytes that were kept. */
	image(kept, chance) {
		const left = file => {
			const disk = this.certain[file].copy();
			for (const entry of this.pending[file]) {
				if (kept === 'none' || (kept === 'some' && chance() < 0.5)) continue;
				if (kept !== 'torn' || entry.kind === TRUNCATE) {
					disk.apply(entry);
					continue;
				}
				for (let at = 0; at < entry.data.length;) {
					const to = Math.min(entry.data.length, at + BLOCK - (entry.offset + at) % BLOCK);
					if (chance() < 0.5) disk.write(entry.offset + at, entry.data.subarray(at, to));
					at = to;
				}
			}
			return disk.bytes.subarray(0, disk.size);
		};
		return { database: left(DATABASE), log: left(LOG) };
	}
}
