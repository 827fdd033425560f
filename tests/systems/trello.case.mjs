// SPDX-License-Identifier: MIT
import { createHmac, randomBytes } from 'node:crypto';

export default {
	secret: () => randomBytes(32).toString('hex'),
	sign: ({ secret, body, url }) => ({
		headers: { 'X-Trello-Webhook': createHmac('sha1', secret).update(body).update(url).digest('base64') },
	}),
	event: { type: 'updateCard', delivery_id: '65e2f0a1b4c5d6e7f8091a2b' },
	handshakes: [{ name: 'head', request: () => ({ method: 'HEAD' }), reply: { status: 200 } }],
};
