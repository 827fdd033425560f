// SPDX-License-Identifier: MIT
import { hmac, randomSecret } from './hmac.mjs';

export default {
	secret: randomSecret,
	sign({ secret, body, at }) {
		const time = String(Math.floor(at / 1000));
		return { headers: { 'X-Chatwoot-Timestamp': time, 'X-Chatwoot-Signature': 'sha256=' + hmac(secret, 'hex', [`${time}.`, body]) } };
	},
	event: {},
};
