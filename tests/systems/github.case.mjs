// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';
import { sign, verify } from '@octokit/webhooks-methods';

export default {
	secret: () => `It's a Secret to Everybody ${randomBytes(8).toString('hex')}`,
	// Their package signs text; what is no UTF-8 would be changed on the way.
	async sign({ secret, body }) {
		return { headers: { 'X-Hub-Signature-256': await sign(secret, body.toString() || ' ') } };
	},
	bodies: { empty: false, binary: false },
	event: { type: 'issues.opened', delivery_id: '72d3162e-cc78-11e3-81ab-4c9367dc0958' },
	judge: ({ headers, body }, secret) => verify(secret, body.toString(), headers['X-Hub-Signature-256']),
};
