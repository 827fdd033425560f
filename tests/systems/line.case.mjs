// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';
import { validateSignature } from '@line/bot-sdk';
import { hmac } from './hmac.mjs';
import { header } from './tokens.mjs';

const sign = ({ secret, body }) => ({ headers: { 'x-line-signature': hmac(secret, 'base64', [body]) } });
const nothing = Buffer.from(JSON.stringify({ destination: 'U00000000000000000000000000000000', events: [] }));
const headers = { 'Content-Type': 'application/json; charset=utf-8' };

export default {
	secret: () => randomBytes(16).toString('hex'),
	sign,
	event: { type: 'message', delivery_id: '01JNB3Z6Y9XK7T5R2Q8W4E1ABC' },
	handshakes: [{
		name: 'verify',
		request: ({ secret }) => ({ method: 'POST', headers: { ...headers, ...sign({ secret, body: nothing }).headers }, body: nothing }),
		reply: { status: 200 },
		refused: () => ({ method: 'POST', headers, body: nothing, status: 401 }),
	}],
	judge: (delivery, secret) => validateSignature(delivery.body, secret, header(delivery, 'x-line-signature')),
};
