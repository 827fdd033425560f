// SPDX-License-Identifier: MIT
import { randomSecret } from './hmac.mjs';

export default {
	secret: () => 'Bearer ' + randomSecret(),
	coversBody: false,
	sign: ({ secret }) => ({ headers: { Authorization: secret } }),
	event: { type: 's' },
};
