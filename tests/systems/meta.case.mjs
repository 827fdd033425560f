// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';
import XHubSignature from 'x-hub-signature';

const query = token => `hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=${encodeURIComponent(token)}`;

export default {
	secret: () => randomBytes(16).toString('hex'),
	settings: { verify_token: { secret: 'a token & more' } },
	sign: ({ secret, body }) => ({ headers: { 'X-Hub-Signature-256': new XHubSignature('sha256', secret).sign(body) } }),
	event: { type: 'page.feed' },
	handshakes: [{
		name: 'verification',
		request: () => ({ method: 'GET', query: query('a token & more') }),
		reply: { status: 200, headers: { 'content-type': 'text/plain' }, body: '1158201444' },
		refused: () => ({ method: 'GET', query: query('another token'), status: 403 }),
	}],
};
