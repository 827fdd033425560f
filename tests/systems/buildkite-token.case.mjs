// SPDX-License-Identifier: MIT
import { randomSecret } from './hmac.mjs';

export default {
	system: 'buildkite',
	scheme: 'token',
	secret: randomSecret,
	coversBody: false,
	sign: ({ secret }) => ({ headers: { 'X-Buildkite-Token': secret } }),
	event: { type: 'build.finished' },
};
