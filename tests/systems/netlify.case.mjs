// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { randomSecret } from './hmac.mjs';
import { claimsOf, header, token } from './tokens.mjs';

const hash = body => createHash('sha256').update(body).digest('hex');

const signed = (iss, alg) => ({ secret, body }) => ({ headers: { 'X-Webhook-Signature': token({ iss, sha256: hash(body) }, alg === 'none' ? '' : secret, { alg }) } });

export default {
	secret: randomSecret,
	sign: signed('netlify', 'HS256'),
	never: [{ name: 'a token of another issuer', sign: signed('other', 'HS256') }, { name: 'a token signed by nobody', sign: signed('netlify', 'none') }],
	event: {},
	async judge(delivery, secret) {
		const claims = await claimsOf(header(delivery, 'X-Webhook-Signature'), secret, 'HS256', { issuer: 'netlify' });
		return claims?.sha256 === hash(delivery.body);
	},
};
