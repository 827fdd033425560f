// SPDX-License-Identifier: MIT
import { createHash, createHmac, randomBytes } from 'node:crypto';
import twilio from 'twilio';

export default {
	secret: () => randomBytes(16).toString('hex'),
	sign({ secret, body, url }) {
		const query = `bodySHA256=${createHash('sha256').update(body).digest('hex')}`;
		const called = `${url}${url.includes('?') ? '&' : '?'}${query}`;
		return { query, headers: { 'X-Twilio-Signature': createHmac('sha1', secret).update(called).digest('base64') } };
	},
	event: { type: 'com.twilio.messaging.message.delivered', delivery_id: 'EZ0123456789abcdef0123456789abcdef' },
	judge: ({ headers, body, url }, secret) =>
		twilio.validateRequestWithBody(secret, headers['X-Twilio-Signature'], url, body.toString()),
};
