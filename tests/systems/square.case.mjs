// SPDX-License-Identifier: MIT
import { createHmac, randomBytes } from 'node:crypto';
import { WebhooksHelper } from 'square';

export default {
	secret: () => randomBytes(16).toString('base64url'),
	sign({ secret, body, url }) {
		return { headers: { 'x-square-hmacsha256-signature': createHmac('sha256', secret).update(url).update(body).digest('base64') } };
	},
	event: { type: 'payment.created', delivery_id: '1e0e3d86-57e7-5cb2-f31e-4875749aa8db' },
	judge: ({ headers, body, url }, secret) => WebhooksHelper.verifySignature({
		requestBody: body.toString(), signatureHeader: headers['x-square-hmacsha256-signature'], signatureKey: secret, notificationUrl: url,
	}),
};
