// SPDX-License-Identifier: MIT
import { randomUUID } from 'node:crypto';
import { Signature } from '@hubspot/api-client';

export default {
	system: 'hubspot',
	scheme: 'v2',
	secret: () => randomUUID(),
	sign({ secret, body, url, method = 'POST' }) {
		return { headers: {
			'X-HubSpot-Signature-Version': 'v2',
			'X-HubSpot-Signature': Signature.getSignature(method, 'v2', { clientSecret: secret, requestBody: body.toString(), url }),
		} };
	},
	bodies: { binary: false }, // the package signs text
	event: { type: 'contact.creation' },
	judge: ({ headers, body, url, method }, secret) => Signature.isValid({
		signatureVersion: 'v2', signature: headers['X-HubSpot-Signature'], method, clientSecret: secret, requestBody: body.toString(), url,
	}),
};
