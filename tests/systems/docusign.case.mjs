// SPDX-License-Identifier: MIT
import { createHmac, randomBytes } from 'node:crypto';

export default {
	secret: () => randomBytes(32).toString('base64'),
	multi: true, // one header for each active key
	sign: ({ secret, body }) => ({
		headers: Object.fromEntries([secret].flat().map((key, i) =>
			[`X-DocuSign-Signature-${i + 1}`, createHmac('sha256', key).update(body).digest('base64')])),
	}),
	event: {
		type: 'envelope-completed',
		delivery_id: '7e6d5c4b-0000-4000-8000-000000000002.envelope-completed.2026-03-02T09:15:04.1203450Z',
	},
};
