// SPDX-License-Identifier: MIT
import { randomSecret } from './hmac.mjs';

export default {
	secret: randomSecret,
	coversBody: false,
	sign: ({ secret }) => ({ headers: { Authorization: secret } }),
	event: { type: 'user.session.start', delivery_id: 'b5a188b9-5ece-4636-b041-482ffda96311' },
	handshakes: [{
		name: 'verification',
		request: ({ secret }) => ({ method: 'GET', headers: { Authorization: secret, 'X-Okta-Verification-Challenge': 'a-value-of-okta' } }),
		reply: { status: 200, body: JSON.stringify({ verification: 'a-value-of-okta' }) },
	}],
};
