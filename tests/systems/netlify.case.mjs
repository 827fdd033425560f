// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { randomSecret } from './hmac.mjs';
import { claimsOf, header, token } from './tokens.mjs';

const hash = body => createHash('sha256').update(body).digest('hex');

export default {
	secret: randomSecret,
	sign: ({ secret, body }) => ({ headers: { 'X-Webhook-Signature': token({ iss: 'netlify', sha256: hash(body) }, secret, { alg: 'HS256' }) } }),
	event: {},
	async judge(delivery, secret) {
		const claims = await claimsOf(header(delivery, 'X-Webhook-Signature'), secret, 'HS256', { issuer: 'netlify' });
		return claims?.sha256 === hash(delivery.body);
	},
};
