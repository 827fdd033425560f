// SPDX-License-Identifier: MIT
import { hmac, randomSecret } from './hmac.mjs';

export default {
	secret: randomSecret,
	sign: ({ secret, body }) => ({ headers: { 'Tally-Signature': hmac(secret, 'base64', [body]) } }),
	event: {},
};
