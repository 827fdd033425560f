// SPDX-License-Identifier: MIT
import { randomSecret } from './hmac.mjs';

export default {
	secret: randomSecret,
	coversBody: false,
	sign: ({ secret }) => ({ headers: { Authorization: secret } }),
	event: { type: 'user.session.start', delivery_id: '9a8b7c6d-5e4f-4a3b-9c2d-1e0f9a8b7c6d' },
	handshakes: [{
		name: 'verification',
		request: ({ secret }) => ({ method: 'GET', headers: { Authorization: secret, 'X-Okta-Verification-Challenge': 'a-value-of-okta' } }),
		reply: { status: 200, body: JSON.stringify({ verification: 'a-value-of-okta' }) },
	}],
};
