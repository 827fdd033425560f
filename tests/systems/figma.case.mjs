// SPDX-License-Identifier: MIT
import { randomSecret } from './hmac.mjs';

export default {
	secret: randomSecret,
	coversBody: false,
	bodies: { empty: false, binary: false },
	sign: ({ secret, body }) => ({ headers: {}, body: Buffer.from(JSON.stringify({ ...JSON.parse(body), passcode: secret })) }),
	event: { type: 'FILE_UPDATE' },
};
