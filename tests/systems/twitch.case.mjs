// SPDX-License-Identifier: MIT
import { hmac, randomSecret } from './hmac.mjs';

const usual = 'e76c6bd4-55c9-4987-8304-da1588d8988b';
const challenge = 'pogchamp-kappa-360noscope-vohiyo';
const type = 'Twitch-Eventsub-Message-Type';

// Twitch writes nanoseconds.
function sign({ secret, body, at, id = usual }) {
	const time = new Date(at).toISOString().replace('Z', '634234Z');
	return { headers: { 'Twitch-Eventsub-Message-Id': id, 'Twitch-Eventsub-Message-Timestamp': time,
		'Twitch-Eventsub-Message-Signature': 'sha256=' + hmac(secret, 'hex', [id, time, body]) } };
}

const body = Buffer.from(JSON.stringify({ challenge, subscription: { id: 'f1c2a387-161a-49f9-a165-0f21d7a4e1c4', type: 'stream.online', status: 'webhook_callback_verification_pending' } }));

export default {
	secret: randomSecret,
	timestamped: true,
	sign,
	event: { type: 'notification.stream.online', delivery_id: usual },
	handshakes: [{
		name: 'webhook_callback_verification',
		request: ({ secret }) => ({ method: 'POST', headers: { 'Content-Type': 'application/json', [type]: 'webhook_callback_verification', ...sign({ secret, body, at: Date.now() }).headers }, body }),
		reply: { status: 200, headers: { 'content-type': 'text/plain' }, body: challenge },
		refused: () => ({ method: 'POST', headers: { 'Content-Type': 'application/json', [type]: 'webhook_callback_verification', ...sign({ secret: 'of somebody else', body, at: Date.now() }).headers }, body, status: 401 }),
	}],
};
