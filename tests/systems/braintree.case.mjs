// SPDX-License-Identifier: MIT
import assert from 'node:assert';
import { createHash, createHmac, randomBytes } from 'node:crypto';
import braintree from 'braintree';

const public_key = '4fkzxbn2dw8vjr6h';
const hmac = (key, text) => createHmac('sha1', createHash('sha1').update(key).digest()).update(text).digest('hex');
const gateway = privateKey => new braintree.BraintreeGateway({
	environment: braintree.Environment.Sandbox, merchantId: 'merchant', publicKey: public_key, privateKey,
});

export default {
	secret: () => randomBytes(16).toString('hex'),
	settings: { public_key },
	sign({ secret, body }) {
		const payload = new URLSearchParams(body.toString()).get('bt_payload') ?? '';
		// The pair of another key comes first, as after a change of the API key.
		const signature = [`oldpublickey|${hmac('an old private key', payload)}`, `${public_key}|${hmac(secret, payload)}`].join('&');
		return { headers: {}, body: Buffer.from(new URLSearchParams({ bt_signature: signature, bt_payload: payload }).toString()) };
	},
	bodies: { empty: false, binary: false },
	event: {},
	handshakes: [
		{
			name: 'challenge',
			request: () => ({ method: 'GET', query: 'bt_challenge=20f9f8ed05f77439fe955c977e4c8a53' }),
			reply: { status: 200, body: (got, { secret }) => assert.equal(got, gateway(secret).webhookNotification.verify('20f9f8ed05f77439fe955c977e4c8a53')) },
			// Anything but a few hex digits would have us sign a payload for whoever asks.
			refused: () => ({ method: 'GET', query: `bt_challenge=${encodeURIComponent(Buffer.from('<notification/>').toString('base64'))}`, status: 401 }),
		},
	],
	async judge({ body }, secret) {
		const form = new URLSearchParams(body.toString());
		await gateway(secret).webhookNotification.parse(form.get('bt_signature'), form.get('bt_payload'));
		return true;
	},
};
