// SPDX-License-Identifier: MIT
import { createHmac, randomBytes } from 'node:crypto';
import { verifySlackRequest } from '@slack/bolt';

export default {
	secret: () => randomBytes(16).toString('hex'),
	timestamped: true,
	sign({ secret, body, at }) {
		const seconds = String(Math.floor(at / 1000));
		const signed = Buffer.concat([Buffer.from(`v0:${seconds}:`), body]);
		return { headers: {
			'X-Slack-Request-Timestamp': seconds,
			'X-Slack-Signature': `v0=${createHmac('sha256', secret).update(signed).digest('hex')}`,
		} };
	},
	event: { type: '/weather', delivery_id: '41537760207.764265651.5055613044c16d915d4' },
	handshakes: [
		{
			name: 'ssl_check',
			request: () => ({
				method: 'POST',
				headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
				body: 'ssl_check=1&token=gIkuvaNzQIHg97ATvDxqgjtO',
			}),
			reply: { status: 200, body: '' },
		},
	],
	judge({ headers, body }, secret) {
		verifySlackRequest({
			signingSecret: secret,
			body: body.toString(),
			headers: {
				'x-slack-signature': headers['X-Slack-Signature'],
				'x-slack-request-timestamp': Number(headers['X-Slack-Request-Timestamp']),
			},
		});
		return true;
	},
};
