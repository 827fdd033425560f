// SPDX-License-Identifier: MIT
import { hmac, randomSecret } from './hmac.mjs';

export default {
	secret: randomSecret,
	sign: ({ secret, body, at }) => ({ headers: { 'X-Front-Request-Timestamp': String(at), 'X-Front-Signature': hmac(secret, 'base64', [`${at}:`, body]) } }),
	event: {},
};
