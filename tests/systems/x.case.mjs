// SPDX-License-Identifier: MIT
import { hmac, randomSecret } from './hmac.mjs';

export default {
	secret: randomSecret,
	sign: ({ secret, body }) => ({ headers: { 'x-twitter-webhooks-signature': 'sha256=' + hmac(secret, 'base64', [body]) } }),
	event: {},
	handshakes: [{
		name: 'crc',
		request: () => ({ method: 'GET', query: 'crc_token=MGIwNTdjNGEtZDQ2Yy00Yjg5' }),
		reply: { status: 200, body: (got, { secret }) => JSON.parse(got).response_token === 'sha256=' + hmac(secret, 'base64', ['MGIwNTdjNGEtZDQ2Yy00Yjg5']) },
	}],
};
