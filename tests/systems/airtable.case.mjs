// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';
import { hmac } from './hmac.mjs';

export default {
	secret: () => randomBytes(32).toString('base64'),
	sign: ({ secret, body }) => ({ headers: { 'X-Airtable-Content-MAC': 'hmac-sha256=' + hmac(Buffer.from(secret, 'base64'), 'hex', [body]) } }),
	event: {},
};
