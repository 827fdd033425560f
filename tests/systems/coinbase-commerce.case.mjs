// SPDX-License-Identifier: MIT
import { createHmac, randomUUID } from 'node:crypto';

export default {
	secret: () => randomUUID(),
	sign: ({ secret, body }) => ({ headers: { 'X-CC-Webhook-Signature': createHmac('sha256', secret).update(body).digest('hex') } }),
	event: { type: 'charge:created', delivery_id: '09139099-d030-82cd-2819-48f21e9fbca8' },
};
