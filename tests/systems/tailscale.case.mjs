// SPDX-License-Identifier: MIT
import { randomSecret, timedHeader } from './hmac.mjs';

export default {
	secret: randomSecret,
	timestamped: true,
	tolerance_s: 300,
	multi: true,
	sign: timedHeader({ name: 'Tailscale-Webhook-Signature' }),
	event: { type: 'nodeCreated' },
};
