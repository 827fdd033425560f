// SPDX-License-Identifier: MIT
import { createHmac, randomUUID } from 'node:crypto';
import { Signature } from '@hubspot/api-client';

export default {
	scheme: 'v3',
	secret: () => randomUUID(),
	timestamped: true,
	sign({ secret, body, at, url, method = 'POST' }) {
		const timestamp = String(at);
		return { headers: {
			'X-HubSpot-Request-Timestamp': timestamp,
			'X-HubSpot-Signature-v3': createHmac('sha256', secret).update(method + url).update(body).update(timestamp).digest('base64'),
		} };
	},
	event: { type: 'contact.creation' },
	judge: ({ headers, body, url, method }, secret) => Signature.isValid({
		signatureVersion: 'v3', signature: headers['X-HubSpot-Signature-v3'], method, clientSecret: secret, requestBody: body.toString(), url,
		timestamp: Number(headers['X-HubSpot-Request-Timestamp']),
	}),
};
