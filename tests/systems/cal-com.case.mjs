// SPDX-License-Identifier: MIT
import { hmac, randomSecret } from './hmac.mjs';

export default {
	secret: randomSecret,
	sign: ({ secret, body }) => ({ headers: { 'X-Cal-Signature-256': hmac(secret, 'hex', [body]) } }),
	event: { type: 'BOOKING_CREATED' },
};
