// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';

export default {
	secret: () => `postmark:${randomBytes(12).toString('hex')}:${randomBytes(4).toString('hex')}`, // a colon in the password
	coversBody: false,
	sign: ({ secret }) => ({ headers: { Authorization: `Basic ${Buffer.from(secret).toString('base64')}` } }),
	event: { type: 'Delivery' },
};
