// SPDX-License-Identifier: MIT
import { randomSecret } from './hmac.mjs';

export default {
	secret: randomSecret,
	coversBody: false,
	sign: ({ secret }) => ({ headers: { 'cf-webhook-auth': secret } }),
	event: {},
};
