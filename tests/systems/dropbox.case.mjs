// SPDX-License-Identifier: MIT
import { createHmac, randomBytes } from 'node:crypto';

export default {
	secret: () => randomBytes(8).toString('hex').slice(1),
	sign: ({ secret, body }) => ({ headers: { 'X-Dropbox-Signature': createHmac('sha256', secret).update(body).digest('hex') } }),
	event: {},
	handshakes: [{
		name: 'challenge',
		request: () => ({ method: 'GET', query: 'challenge=a%3Cb%3E+1' }),
		reply: { status: 200, headers: { 'content-type': 'text/plain', 'x-content-type-options': 'nosniff' }, body: 'a<b> 1' },
	}],
};
