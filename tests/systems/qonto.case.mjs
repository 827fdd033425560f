// SPDX-License-Identifier: MIT
import { randomSecret, timedHeader } from './hmac.mjs';

export default {
	secret: randomSecret,
	sign: timedHeader({ name: 'X-Qonto-Signature' }),
	event: {},
};
