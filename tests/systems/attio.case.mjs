// SPDX-License-Identifier: MIT
import { hmac, randomSecret } from './hmac.mjs';

export default {
	secret: randomSecret,
	sign: ({ secret, body }) => ({ headers: { 'Attio-Signature': hmac(secret, 'hex', [body]) } }),
	event: { type: 'record.created' },
};
