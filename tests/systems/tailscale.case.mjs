// SPDX-License-Identifier: MIT
import { randomSecret, timedHeader } from './hmac.mjs';

export default {
	secret: randomSecret,
	timestamped: true,
	multi: true,
	sign: timedHeader({ name: 'Tailscale-Webhook-Signature' }),
	event: { type: 'nodeCreated' },
};
