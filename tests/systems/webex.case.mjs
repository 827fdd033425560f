// SPDX-License-Identifier: MIT
import { hmac, randomSecret } from './hmac.mjs';

export default {
	secret: randomSecret,
	sign: ({ secret, body }) => ({ headers: { 'X-Spark-Signature': hmac(secret, 'hex', [body], 'sha1') } }),
	event: {},
};
