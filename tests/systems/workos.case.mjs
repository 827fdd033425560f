// SPDX-License-Identifier: MIT
import { randomSecret, timedHeader } from './hmac.mjs';

export default {
	secret: randomSecret,
	timestamped: true,
	tolerance_s: 180,
	sign: timedHeader({ name: 'WorkOS-Signature', unit: 1, join: ', ' }),
	event: { type: 'dsync.user.created', delivery_id: 'event_01JNB3Z6Y9XK7T5R2Q8W4E1ABC' },
};
