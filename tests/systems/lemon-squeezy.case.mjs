// SPDX-License-Identifier: MIT
import { createHmac, randomBytes } from 'node:crypto';

export default {
	secret: () => randomBytes(16).toString('hex'),
	sign: ({ secret, body }) => ({ headers: { 'X-Signature': createHmac('sha256', secret).update(body).digest('hex') } }),
	event: { type: 'order_created' },
};
