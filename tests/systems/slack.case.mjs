// SPDX-License-Identifier: MIT
import { createHmac, randomBytes } from 'node:crypto';
import { verifySlackRequest } from '@slack/bolt';

function sign({ secret, body, at }) {
	const time = Math.floor(at / 1000);
	const digest = createHmac('sha256', secret).update(`v0:${time}:`).update(body).digest('hex');
	return { headers: { 'X-Slack-Request-Timestamp': String(time), 'X-Slack-Signature': `v0=${digest}` } };
}
const greeting = Buffer.from(JSON.stringify({ token: 'x', challenge: '3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P', type: 'url_verification' }));
const greet = secret => ({
	method: 'POST', body: greeting,
	headers: { 'Content-Type': 'application/json', ...sign({ secret, body: greeting, at: Date.now() }).headers },
});

export default {
	secret: () => randomBytes(16).toString('hex'),
	timestamped: true,
	sign,
	event: { type: 'event_callback.app_mention', delivery_id: 'Ev123ABC456' },
	handshakes: [{
		name: 'url_verification',
		request: ({ secret }) => greet(secret),
		reply: { status: 200, headers: { 'content-type': 'text/plain' }, body: '3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P' },
		refused: () => ({ ...greet('another secret'), status: 401 }),
	}],
	// Bolt's own check throws when it refuses.
	judge({ headers, body }, secret) {
		verifySlackRequest({
			signingSecret: secret, body: body.toString(),
			headers: {
				'x-slack-signature': headers['X-Slack-Signature'],
				'x-slack-request-timestamp': Number(headers['X-Slack-Request-Timestamp']),
			},
		});
		return true;
	},
};
