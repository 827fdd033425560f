// SPDX-License-Identifier: MIT
import { createHmac, randomBytes } from 'node:crypto';

export default {
	secret: () => randomBytes(32).toString('hex'),
	sign: ({ secret, body }) => ({ headers: { 'Sentry-Hook-Signature': createHmac('sha256', secret).update(body).digest('hex') } }),
	event: { type: 'issue.created', delivery_id: '3a1b2c3d0000400080000000000000a1' },
};
