// SPDX-License-Identifier: MIT
import { createHmac, randomBytes } from 'node:crypto';
import XHubSignature from 'x-hub-signature';

export default {
	secret: () => randomBytes(20).toString('base64url'),
	sign({ secret, body }) {
		return { headers: { 'X-Hub-Signature': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}` } };
	},
	event: { type: 'jira:issue_created', delivery_id: '0e2f7a6c-6c2b-4f7e-9d51-6f8a0b3c4d5e' },
	judge: ({ headers, body }, secret) => new XHubSignature('sha256', secret).verify(headers['X-Hub-Signature'], body),
};
