// SPDX-License-Identifier: MIT
import { createHmac, randomBytes } from 'node:crypto';
import XHubSignature from 'x-hub-signature';

export default {
	secret: () => randomBytes(24).toString('base64'),
	sign({ secret, body }) {
		return { headers: { 'X-Hub-Signature': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}` } };
	},
	event: { type: 'repo:push', delivery_id: 'c0b9f2f4-0a4e-4f1b-8a2e-7d1b9e3f5a66' },
	judge: ({ headers, body }, secret) => new XHubSignature('sha256', secret).verify(headers['X-Hub-Signature'], body),
};
