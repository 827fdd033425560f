// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { claimsOf, header, jwkPair, token } from './tokens.mjs';

const hash = body => createHash('sha256').update(body).digest('base64');

export default {
	scheme: 'asymmetric',
	secret: () => jwkPair('RS256'),
	sign: ({ secret, body }) => ({ headers: { 'X-FusionAuth-Signature-JWT': token({ request_body_sha256: hash(body) }, secret.signer, { alg: 'RS256', kid: secret.kid }) } }),
	never: [{
		name: 'a token keyed with the public key as a shared secret',
		sign: ({ secret, body }) => ({ headers: { 'X-FusionAuth-Signature-JWT': token({ request_body_sha256: hash(body) }, secret.secret, { alg: 'HS256', kid: secret.kid }) } }),
	}],
	event: { type: 'user.create.complete', delivery_id: '7c6b5a49-3827-4165-8f4e-3d2c1b0a9f8e' },
	async judge(delivery, secret) {
		const claims = await claimsOf(header(delivery, 'X-FusionAuth-Signature-JWT'), secret.secret ?? secret, 'RS256');
		return claims?.request_body_sha256 === hash(delivery.body);
	},
};
