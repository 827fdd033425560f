// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';
import twilio from 'twilio';

export default {
	system: 'twilio',
	scheme: 'body_hash',
	secret: () => randomBytes(16).toString('hex'),
	sign({ secret, body, url }) {
		const query = `bodySHA256=${twilio.getExpectedBodyHash(body.toString())}`;
		const called = `${url}${url.includes('?') ? '&' : '?'}${query}`;
		return { query, headers: {
			'Content-Type': 'application/json',
			'X-Twilio-Signature': twilio.getExpectedTwilioSignature(secret, called, {}),
		} };
	},
	body: { AccountSid: 'AC0123456789abcdef0123456789abcdef', Level: 'ERROR' },
	bodies: { binary: false },
	event: {},
	judge: ({ headers, body, url }, secret) =>
		twilio.validateRequestWithBody(secret, headers['X-Twilio-Signature'], url, body.toString()),
};
