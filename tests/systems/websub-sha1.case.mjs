// SPDX-License-Identifier: MIT
import XHubSignature from 'x-hub-signature';
import { hmac, randomSecret } from './hmac.mjs';
import { header } from './tokens.mjs';

export default {
	system: 'websub',
	scheme: 'sha1',
	secret: randomSecret,
	settings: { topic: 'https://example.com/feed' },
	sign: ({ secret, body }) => ({ headers: { 'X-Hub-Signature': 'sha1=' + hmac(secret, 'hex', [body], 'sha1') } }),
	event: {},
	judge: (delivery, secret) => new XHubSignature('sha1', secret).verify(header(delivery, 'X-Hub-Signature'), delivery.body),
};
