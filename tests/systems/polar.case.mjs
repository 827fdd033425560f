// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';
import { standardCase } from './standard.mjs';

// Polar's own library encodes the secret's text before it hands it to the package standardwebhooks.
export default standardCase({
	prefix: 'webhook',
	id: '0f2d1c3b-4a59-4e68-8f77-9a0b1c2d3e4f',
	type: 'order.paid',
	secret: () => 'polar_whs_' + randomBytes(24).toString('base64url'),
	key: secret => Buffer.from(secret, 'utf8'),
	written: secret => Buffer.from(secret, 'utf8').toString('base64'),
});
