// SPDX-License-Identifier: MIT
import { randomSecret, timedHeader } from './hmac.mjs';

export default {
	secret: randomSecret,
	timestamped: true,
	sign: timedHeader({ name: 'X-Qonto-Signature' }),
	event: {},
};
