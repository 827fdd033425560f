// SPDX-License-Identifier: MIT
import { createHmac, randomUUID } from 'node:crypto';

export default {
	secret: () => randomUUID(),
	sign: ({ secret, body }) => ({ headers: { 'Webhook-Signature': createHmac('sha256', secret).update(body).digest('hex') } }),
	event: { type: 'mandates.active', delivery_id: 'WB000EXAMPLE01' },
};
