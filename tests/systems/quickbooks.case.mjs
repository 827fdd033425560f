// SPDX-License-Identifier: MIT
import { createHmac, randomUUID } from 'node:crypto';

const headers = (secret, body) => ({ 'intuit-signature': createHmac('sha256', secret).update(body).digest('base64') });
const older = Buffer.from(JSON.stringify({ eventNotifications: [{ realmId: '310687', dataChangeEvent: { entities: [
	{ id: '1042', operation: 'Create', name: 'Invoice', lastUpdated: '2026-03-02T09:15:04.120Z' } ] } }] }));

export default {
	secret: () => randomUUID(),
	sign: ({ secret, body }) => ({ headers: headers(secret, body) }),
	event: { type: 'qbo.invoice.created.v1', delivery_id: '88cd52aa-33b6-4351-9aa4-47572edbd068' },
	also: [{
		name: 'the older form',
		sign: ({ secret }) => ({ headers: headers(secret, older), body: older }),
		event: { type: 'Invoice.Create' },
	}],
};
