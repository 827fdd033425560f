// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';

export default {
	system: 'gitlab',
	scheme: 'secret_token',
	secret: () => randomBytes(20).toString('hex'),
	coversBody: false,
	sign: ({ secret }) => ({ headers: { 'X-Gitlab-Token': secret } }),
	event: { type: 'Push Hook', delivery_id: 'b7a9d5e2-91c4-4f8b-8f41-2e1d6a0c9f57' },
};
