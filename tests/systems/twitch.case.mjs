// SPDX-License-Identifier: MIT
import { hmac, randomSecret } from './hmac.mjs';

const usual = '2a1b0c9d-8e7f-4a6b-9c5d-4e3f2a1b0c9d';
const challenge = 'a-challenge-of-twitch';
const type = 'Twitch-Eventsub-Message-Type';

// Twitch writes nanoseconds.
function sign({ secret, body, at, id = usual }) {
	const time = new Date(at).toISOString().replace('Z', '634234Z');
	return { headers: { 'Twitch-Eventsub-Message-Id': id, 'Twitch-Eventsub-Message-Timestamp': time,
		'Twitch-Eventsub-Message-Signature': 'sha256=' + hmac(secret, 'hex', [id, time, body]) } };
}

const body = Buffer.from(JSON.stringify({ challenge, subscription: { id: '5d0c9b8a-7f6e-4d5c-8b4a-3f2e1d0c9b8a', type: 'stream.online', status: 'webhook_callback_verification_pending' } }));

export default {
	secret: randomSecret,
	timestamped: true,
	tolerance_s: 600,
	sign,
	event: { type: 'notification.stream.online', delivery_id: usual },
	handshakes: [{
		name: 'webhook_callback_verification',
		request: ({ secret }) => ({ method: 'POST', headers: { 'Content-Type': 'application/json', [type]: 'webhook_callback_verification', ...sign({ secret, body, at: Date.now() }).headers }, body }),
		reply: { status: 200, headers: { 'content-type': 'text/plain' }, body: challenge },
		refused: () => ({ method: 'POST', headers: { 'Content-Type': 'application/json', [type]: 'webhook_callback_verification', ...sign({ secret: 'of somebody else', body, at: Date.now() }).headers }, body, status: 401 }),
	}],
};
