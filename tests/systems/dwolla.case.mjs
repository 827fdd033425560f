// SPDX-License-Identifier: MIT
import { hmac, randomSecret } from './hmac.mjs';

export default {
	secret: randomSecret,
	sign: ({ secret, body }) => ({ headers: { 'X-Request-Signature-SHA-256': hmac(secret, 'hex', [body]) } }),
	event: {},
};
