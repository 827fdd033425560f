// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';

export default {
	secret: () => randomBytes(24).toString('base64url'),
	sign({ secret, body }) {
		const message = JSON.parse(body);
		for (const item of message.value)
			item.clientState = secret;
		return { headers: {}, body: Buffer.from(JSON.stringify(message)) };
	},
	bodies: { empty: false, binary: false },
	event: { type: 'created' },
	handshakes: [{
		name: 'validation',
		request: () => ({ method: 'POST', query: 'validationToken=Validation%3A+Testing+client+%3Cone%3E+%26+more' }),
		reply: {
			status: 200,
			headers: { 'content-type': 'text/plain', 'x-content-type-options': 'nosniff' },
			body: 'Validation: Testing client <one> & more',
		},
	}],
};
