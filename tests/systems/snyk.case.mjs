// SPDX-License-Identifier: MIT
import { hmac, randomSecret } from './hmac.mjs';

export default {
	secret: randomSecret,
	sign: ({ secret, body }) => ({ headers: { 'X-Hub-Signature': 'sha256=' + hmac(secret, 'hex', [body]) } }),
	event: {},
};
