// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { claimsOf, header, jwkPair, token } from './tokens.mjs';

const hash = body => createHash('sha256').update(body).digest('hex');

export default {
	secret: () => jwkPair('ES256'),
	timestamped: true,
	sign({ secret, body, at }) {
		const claims = { iat: Math.floor(at / 1000), request_body_sha256: hash(body) };
		return { headers: { 'Plaid-Verification': token(claims, secret.signer, { alg: 'ES256', kid: secret.kid }) } };
	},
	event: { type: 'TRANSACTIONS.SYNC_UPDATES_AVAILABLE' },
	// As Plaid describes its check: the token's age, then the hash in constant time.
	async judge(delivery, secret) {
		const claims = await claimsOf(header(delivery, 'Plaid-Verification'), secret.secret ?? secret, 'ES256', { maxTokenAge: '5 min' });
		return claims?.request_body_sha256 === hash(delivery.body);
	},
};
