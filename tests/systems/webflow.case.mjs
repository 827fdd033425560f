// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';
import { hmac } from './hmac.mjs';

export default {
	secret: () => randomBytes(32).toString('hex'),
	timestamped: true,
	tolerance_s: 300,
	sign: ({ secret, body, at }) => ({ headers: { 'x-webflow-timestamp': String(at), 'x-webflow-signature': hmac(secret, 'hex', [`${at}:`, body]) } }),
	event: { type: 'form_submission' },
};
