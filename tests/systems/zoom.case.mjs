// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';

function headers(secret, body, at) {
	const time = `${Math.floor(at / 1000)}`;
	return {
		'x-zm-request-timestamp': time,
		'x-zm-signature': `v0=${createHmac('sha256', secret).update(`v0:${time}:`).update(body).digest('hex')}`,
	};
}
const validation = Buffer.from(JSON.stringify({
	payload: { plainToken: 'qgg8vlvZRS6UYooatFL8Aw' }, event_ts: 1772442904120, event: 'endpoint.url_validation',
}));
const validate = secret => ({
	method: 'POST',
	headers: { 'Content-Type': 'application/json', ...headers(secret, validation, Date.now()) },
	body: validation,
});

export default {
	secret: () => randomBytes(16).toString('base64url'),
	timestamped: true,
	sign: ({ secret, body, at }) => ({ headers: headers(secret, body, at) }),
	event: { type: 'meeting.started' },
	handshakes: [{
		name: 'url_validation',
		request: ({ secret }) => validate(secret),
		reply: {
			status: 200,
			headers: { 'content-type': 'application/json' },
			body: (got, { secret }) => assert.deepEqual(JSON.parse(got.body), {
				plainToken: 'qgg8vlvZRS6UYooatFL8Aw',
				encryptedToken: createHmac('sha256', secret).update('qgg8vlvZRS6UYooatFL8Aw').digest('hex'),
			}),
		},
		// an answer to anybody would be a signature of a text of their choice
		refused: () => ({ ...validate('another secret'), status: 401 }),
	}],
};
