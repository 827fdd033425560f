// SPDX-License-Identifier: MIT

/** random is mulberry32: the same numbers, 0 to below 1, for the same seed. */
export function random(seed) {
	let a = seed >>> 0;
	return () => {
		a = (a + 0x6d2b79f5) >>> 0;
		let t = Math.imul(a ^ (a >>> 15), 1 | a);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
	};
}
export const below = (chance, n) => Math.floor(chance() * n);
export const pick = (chance, list) => list[below(chance, list.length)];

/** seedOf is SEED of the environment, or a new one. Every test prints it before it begins. */
export const seedOf = () => +(process.env.SEED || Math.floor(Math.random() * 1e9));
