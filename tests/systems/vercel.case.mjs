// SPDX-License-Identifier: MIT
import { hmac, randomSecret } from './hmac.mjs';

export default {
	secret: randomSecret,
	sign: ({ secret, body }) => ({ headers: { 'x-vercel-signature': hmac(secret, 'hex', [body], 'sha1') } }),
	event: { type: 'deployment.created', delivery_id: 'uev_Wq2p1kExample' },
};
