// SPDX-License-Identifier: MIT
import { createHmac, randomBytes } from 'node:crypto';

const signature = (secret, body) => createHmac('sha256', secret).update(body).digest('base64');
const intent = Buffer.from('{"events":[],"firstEventSequence":0,"lastEventSequence":0,"entropy":"S0m3r4Nd0mt3xt"}');
const intended = secret => ({
	method: 'POST', headers: { 'Content-Type': 'application/json', 'x-xero-signature': signature(secret, intent) }, body: intent,
});

export default {
	secret: () => randomBytes(64).toString('base64'),
	sign: ({ secret, body }) => ({ headers: { 'x-xero-signature': signature(secret, body) } }),
	event: { type: 'INVOICE.UPDATE', delivery_id: '1.1' },
	handshakes: [{
		name: 'intent_to_receive',
		request: ({ secret }) => intended(secret),
		reply: { status: 200, body: '' },
		refused: () => ({ ...intended('another key'), status: 401 }),
	}],
};
