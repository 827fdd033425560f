// SPDX-License-Identifier: MIT
// X.509 certificates of tests: just enough DER (RFC 5280) for a root, an intermediate and a leaf on
// P-256, with extensions of one's own.
import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';

function tlv(tag, ...parts) {
	const body = Buffer.concat(parts);
	const n = body.length;
	const length = n < 128 ? [n] : n < 256 ? [0x81, n] : [0x82, n >> 8, n & 255];
	return Buffer.concat([Buffer.from([tag, ...length]), body]);
}
const sequence = (...parts) => tlv(0x30, ...parts);
const integer = n => tlv(0x02, Buffer.from([n]));
const bool = Buffer.from([0x01, 0x01, 0xff]);

function oid(text) {
	const [a, b, ...rest] = text.split('.').map(Number);
	const bytes = [40 * a + b];
	for (const arc of rest) {
		const groups = [arc & 127];
		for (let n = arc >>> 7; n > 0; n >>>= 7) groups.unshift(n & 127 | 128);
		bytes.push(...groups);
	}
	return tlv(0x06, Buffer.from(bytes));
}

const SIGNED_WITH = sequence(oid('1.2.840.10045.4.3.2')); // ecdsa-with-SHA256
const name = text => sequence(tlv(0x31, sequence(oid('2.5.4.3'), tlv(0x0c, Buffer.from(text)))));
const time = ms => tlv(0x18, Buffer.from(new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, '')));
const extension = (id, critical, value) => sequence(oid(id), ...critical ? [bool] : [], tlv(0x04, value));

// { subject, issuer, key, signer, ca, marks: OIDs of empty extensions, from, to } → DER
export function certificate({ subject, issuer, key, signer, ca, marks = [], from, to, serial = 1 }) {
	const extensions = [
		extension('2.5.29.19', true, sequence(...ca ? [bool] : [])),
		extension('2.5.29.15', true, tlv(0x03, Buffer.from(ca ? [1, 0x06] : [7, 0x80]))),
		...marks.map(id => extension(id, false, Buffer.from([0x05, 0x00]))),
	];
	const tbs = sequence(
		tlv(0xa0, integer(2)), integer(serial), SIGNED_WITH, name(issuer), sequence(time(from), time(to)), name(subject),
		createPublicKey(key).export({ type: 'spki', format: 'der' }),
		tlv(0xa3, sequence(...extensions)));
	return sequence(tbs, SIGNED_WITH, tlv(0x03, Buffer.from([0]), sign('sha256', tbs, signer)));
}

export const pem = der => `-----BEGIN CERTIFICATE-----\n${der.toString('base64').match(/.{1,64}/g).join('\n')}\n-----END CERTIFICATE-----\n`;

// A chain of three, new at each call: { root: PEM, x5c: [leaf, intermediate, root], key: of the leaf }
export function chainOfThree({ leafMarks = [], middleMarks = [], from = Date.now() - 86400000, to = Date.now() + 365 * 86400000 } = {}) {
	const [root, middle, leaf] = Array.from({ length: 3 }, () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
	const times = { from, to };
	const ders = [
		certificate({ ...times, subject: 'Example leaf', issuer: 'Example intermediate', key: leaf, signer: middle, marks: leafMarks, serial: 3 }),
		certificate({ ...times, subject: 'Example intermediate', issuer: 'Example root', key: middle, signer: root, ca: true, marks: middleMarks, serial: 2 }),
		certificate({ ...times, subject: 'Example root', issuer: 'Example root', key: root, signer: root, ca: true }),
	];
	return { root: pem(ders[2]), x5c: ders.map(d => d.toString('base64')), key: leaf };
}
