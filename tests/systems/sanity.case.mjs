// SPDX-License-Identifier: MIT
import { randomSecret, timedHeader } from './hmac.mjs';

export default {
	secret: randomSecret,
	sign: timedHeader({ name: 'sanity-webhook-signature', unit: 1, encoding: 'base64url' }),
	event: {},
};
