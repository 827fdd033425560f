// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';

export default {
	secret: () => `chargebee:a:${randomBytes(16).toString('hex')}`, // a password may hold a colon
	coversBody: false,
	sign: ({ secret }) => ({ headers: { Authorization: `Basic ${Buffer.from(secret).toString('base64')}` } }),
	event: { type: 'subscription_created', delivery_id: 'ev_16BPgWSb3kFhK1Bx' },
};
