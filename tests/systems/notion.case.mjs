// SPDX-License-Identifier: MIT
import { createHmac, randomBytes } from 'node:crypto';
import { verifyWebhookSignature } from '@notionhq/client';

export default {
	secret: () => `secret_${randomBytes(32).toString('base64url')}`,
	sign({ secret, body }) {
		return { headers: { 'X-Notion-Signature': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}` } };
	},
	event: { type: 'page.created', delivery_id: '538eec39-b3d3-3e75-00c7-4b9c7551bab7' },
	handshakes: [
		{
			name: 'verification',
			learns: true,
			request: ({ secret }) => ({
				method: 'POST',
				headers: { 'Content-Type': 'application/json' },
				body: JSON.stringify({ verification_token: secret }),
			}),
			reply: { status: 200 },
		},
	],
	judge: ({ headers, body }, secret) => verifyWebhookSignature({ body, signature: headers['X-Notion-Signature'], verificationToken: secret }),
};
