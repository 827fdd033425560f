// SPDX-License-Identifier: MIT
import { hmac, randomSecret } from './hmac.mjs';

export default {
	secret: randomSecret,
	sign: ({ secret, body }) => ({ headers: { Signature: 'sha256 ' + hmac(secret, 'hex', [body]) } }),
	event: { type: 'candidate_hired', delivery_id: '5a6b7c8d-9e0f-4a1b-8c2d-3e4f5a6b7c8d' },
};
