// SPDX-License-Identifier: MIT
import XHubSignature from 'x-hub-signature';
import { hmac, randomSecret } from './hmac.mjs';
import { header } from './tokens.mjs';

const topic = 'https://example.com/feed';
const ask = about => new URLSearchParams({ 'hub.mode': 'subscribe', 'hub.topic': about, 'hub.challenge': '1600142563', 'hub.lease_seconds': '432000' }).toString();

export default {
	secret: randomSecret,
	settings: { topic },
	sign: ({ secret, body }) => ({ headers: { 'X-Hub-Signature': 'sha256=' + hmac(secret, 'hex', [body]) } }),
	event: {},
	handshakes: [{
		name: 'verification',
		request: () => ({ method: 'GET', query: ask(topic) }),
		reply: { status: 200, headers: { 'content-type': 'text/plain' }, body: '1600142563' },
		refused: () => ({ method: 'GET', query: ask('https://example.com/other'), status: 403 }),
	}],
	judge: (delivery, secret) => new XHubSignature('sha256', secret).verify(header(delivery, 'X-Hub-Signature'), delivery.body),
};
