// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';
import { standardCase } from './standard.mjs';

export default standardCase({
	prefix: 'webhook',
	id: 'msg_1srOrx2ZWZBpBUvZwXKQmoEYga3',
	type: 'TRANSFER_PROCESSED',
	secret: () => randomBytes(24).toString('base64'),
});
