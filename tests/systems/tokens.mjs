// SPDX-License-Identifier: MIT
// Keys and tokens of the systems that sign JSON Web Tokens: made with jsonwebtoken, judged with jose.
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createLocalJWKSet, importSPKI, jwtVerify } from 'jose';
import jsonwebtoken from 'jsonwebtoken';

// A key pair, new at each call: what the operator pastes (a JWK with a kid) and the private half.
export function jwkPair(alg) {
	const { publicKey, privateKey } = alg === 'ES256'
		? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('rsa', { modulusLength: 2048 });
	const kid = randomUUID();
	return { secret: JSON.stringify({ alg, use: 'sig', kid, ...publicKey.export({ format: 'jwk' }) }), signer: privateKey, kid };
}

export function pemPair() {
	const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
	return { secret: publicKey.export({ type: 'spki', format: 'pem' }), signer: privateKey };
}

// iat only where claims has one: not every sender dates its tokens.
export const token = (claims, key, { alg, kid, x5c }) => jsonwebtoken.sign(claims, key, {
	algorithm: alg, noTimestamp: !('iat' in claims), header: { ...kid && { kid }, ...x5c && { x5c } } });

const keyOf = async (secret, alg) => secret.startsWith('-----') ? importSPKI(secret, alg)
	: secret.startsWith('{') ? createLocalJWKSet({ keys: [JSON.parse(secret)] }) : Buffer.from(secret);

// The claims of a token that one of these keys signed, or null.
export async function claimsOf(text, secret, alg, rules = {}) {
	try {
		return (await jwtVerify(text, await keyOf(secret, alg), { algorithms: [alg], ...rules })).payload;
	} catch {
		return null;
	}
}

export const header = (delivery, name) => Object.entries(delivery.headers).find(([n]) => n.toLowerCase() === name.toLowerCase())?.[1];
