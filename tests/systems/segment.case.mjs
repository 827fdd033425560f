// SPDX-License-Identifier: MIT
import { hmac, randomSecret } from './hmac.mjs';

export default {
	secret: randomSecret,
	sign: ({ secret, body }) => ({ headers: { 'X-Signature': hmac(secret, 'hex', [body], 'sha1') } }),
	event: {},
};
