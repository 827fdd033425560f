// SPDX-License-Identifier: MIT
import { randomSecret } from './hmac.mjs';

export default {
	secret: randomSecret,
	coversBody: false,
	sign: ({ secret }) => ({ headers: { 'X-Webhook-Secret': secret } }),
	event: {},
};
