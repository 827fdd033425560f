// SPDX-License-Identifier: MIT
import { createHmac, randomUUID } from 'node:crypto';
import XHubSignature from 'x-hub-signature';

export default {
	secret: () => randomUUID(),
	sign({ secret, body }) {
		return { headers: { 'X-Hub-Signature': `sha1=${createHmac('sha1', secret).update(body).digest('hex')}` } };
	},
	event: { type: 'conversation.user.created', delivery_id: 'notif_35c150c8-77fa-65e9-4811-31a44024bd4d' },
	handshakes: [{ name: 'head', request: () => ({ method: 'HEAD' }), reply: { status: 200, body: '' } }],
	judge: ({ headers, body }, secret) => new XHubSignature('sha1', secret).verify(headers['X-Hub-Signature'], body),
};
