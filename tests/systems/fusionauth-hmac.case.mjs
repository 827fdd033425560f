// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { randomSecret } from './hmac.mjs';
import { claimsOf, header, token } from './tokens.mjs';

const hash = body => createHash('sha256').update(body).digest('base64');

export default {
	system: 'fusionauth',
	scheme: 'hmac',
	secret: randomSecret,
	sign: ({ secret, body }) => ({ headers: { 'X-FusionAuth-Signature-JWT': token({ request_body_sha256: hash(body) }, secret, { alg: 'HS256' }) } }),
	event: { type: 'user.create.complete', delivery_id: '7c6b5a49-3827-4165-8f4e-3d2c1b0a9f8e' },
	async judge(delivery, secret) {
		const claims = await claimsOf(header(delivery, 'X-FusionAuth-Signature-JWT'), secret, 'HS256');
		return claims?.request_body_sha256 === hash(delivery.body);
	},
};
