// SPDX-License-Identifier: MIT
import { hmac, randomSecret } from './hmac.mjs';

export default {
	secret: randomSecret,
	sign: ({ secret, body }) => ({ headers: { 'circleci-signature': 'v1=' + hmac(secret, 'hex', [body]) } }),
	event: { type: 'workflow-completed', delivery_id: '5d0c9b8a-7f6e-4d5c-8b4a-3f2e1d0c9b8a' },
};
