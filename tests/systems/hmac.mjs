// SPDX-License-Identifier: MIT
// Cases of the many systems that put an HMAC of the body, or of a timestamp and the body, into a header.
import { createHmac, randomBytes } from 'node:crypto';

export const randomSecret = () => randomBytes(24).toString('base64url');

// The digest of parts in a row.
export const hmac = (secret, encoding, parts, algorithm = 'sha256') =>
	parts.reduce((h, part) => h.update(part), createHmac(algorithm, secret)).digest(encoding);

// "t=TIME,v1=HEX" over "TIME.body", as Stripe began it. unit: milliseconds of one tick of TIME.
export const timedHeader = ({ name, time = 't', version = 'v1', unit = 1000, encoding = 'hex', join = ',' }) => ({ secret, body, at }) => {
	const t = String(Math.floor(at / unit));
	const signed = [secret].flat().map(s => `${version}=${hmac(s, encoding, [`${t}.`, body])}`);
	return { headers: { [name]: [`${time}=${t}`, ...signed].join(join) } };
};
