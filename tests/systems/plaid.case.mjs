// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { claimsOf, header, jwkPair, token } from './tokens.mjs';

const hash = body => createHash('sha256').update(body).digest('hex');

const carry = text => ({ headers: { 'Plaid-Verification': text } });
const sign = ({ secret, body, at }) => carry(token({ iat: Math.floor(at / 1000), request_body_sha256: hash(body) }, secret.signer, { alg: 'ES256', kid: secret.kid }));

export default {
	secret: () => jwkPair('ES256'),
	sign,
	never: [
		{ name: 'a token of six minutes ago', sign: ({ at, ...rest }) => sign({ ...rest, at: at - 360000 }) },
		{ name: 'a token without its time', sign: ({ secret, body }) => carry(token({ request_body_sha256: hash(body) }, secret.signer, { alg: 'ES256', kid: secret.kid })) },
		{ name: 'a token keyed with the public key as a shared secret', sign: ({ secret, body, at }) => carry(token({ iat: Math.floor(at / 1000), request_body_sha256: hash(body) }, secret.secret, { alg: 'HS256', kid: secret.kid })) },
	],
	event: { type: 'TRANSACTIONS.SYNC_UPDATES_AVAILABLE' },
	// As Plaid describes its check: the token's age, then the hash in constant time.
	async judge(delivery, secret) {
		const claims = await claimsOf(header(delivery, 'Plaid-Verification'), secret.secret ?? secret, 'ES256', { maxTokenAge: '5 min' });
		return claims?.request_body_sha256 === hash(delivery.body);
	},
};
