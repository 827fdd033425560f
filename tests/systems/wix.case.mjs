// SPDX-License-Identifier: MIT
import { claimsOf, pemPair, token } from './tokens.mjs';

function signed(at, key, alg) {
	const order = JSON.stringify({ entityFqdn: 'wix.ecom.v1.order', slug: 'created', entityId: '1f4a9c2e-5b7d-4e8f-9a0b-3c2d1e0f4a5b' });
	const data = JSON.stringify({ data: order, instanceId: 'ed4b1e2c-7a3f-4d5e-8b9c-0f1a2b3c4d5e', eventType: 'wix.ecom.v1.order_created' });
	const iat = Math.floor(at / 1000);
	return { headers: {}, body: Buffer.from(token({ data, iat, exp: iat + 3600 }, key, { alg })) };
}

export default {
	secret: pemPair,
	bodies: { empty: false, binary: false },
	sign: ({ secret, at }) => signed(at, secret.signer, 'RS256'),
	never: [
		{ name: 'a token keyed with the public key as a shared secret', sign: ({ secret, at }) => signed(at, secret.secret, 'HS256') },
		{ name: 'a token that has expired', sign: ({ secret, at }) => signed(at - 7200000, secret.signer, 'RS256') },
	],
	event: {},
	judge: async (delivery, secret) => await claimsOf(delivery.body.toString('latin1'), secret.secret ?? secret, 'RS256') !== null,
};
