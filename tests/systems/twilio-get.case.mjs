// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';
import twilio from 'twilio';

// A webhook set to GET: the parameters are in the URL, the body is empty.
export default {
	system: 'twilio',
	scheme: 'parameters',
	secret: () => randomBytes(16).toString('hex'),
	coversBody: false, // there is none
	sign({ secret, url }) {
		const query = 'CallSid=CA0123456789abcdef0123456789abcdef&From=%2B15550100002&Digits=1%232';
		const called = `${url}${url.includes('?') ? '&' : '?'}${query}`;
		return { method: 'GET', query, body: Buffer.alloc(0), headers: {
			'X-Twilio-Signature': twilio.getExpectedTwilioSignature(secret, called, {}),
		} };
	},
	bodies: { binary: false },
	event: {},
	judge: ({ headers, url }, secret) => twilio.validateRequest(secret, headers['X-Twilio-Signature'], url, {}),
};
