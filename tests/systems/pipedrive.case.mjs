// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';

export default {
	secret: () => `pipedrive:${randomBytes(12).toString('hex')}`,
	coversBody: false,
	sign: ({ secret }) => ({ headers: { Authorization: `Basic ${Buffer.from(secret).toString('base64')}` } }),
	event: { type: 'create.deal' },
};
