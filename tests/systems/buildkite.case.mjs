// SPDX-License-Identifier: MIT
import { randomSecret, timedHeader } from './hmac.mjs';

export default {
	scheme: 'signature',
	secret: randomSecret,
	sign: timedHeader({ name: 'X-Buildkite-Signature', time: 'timestamp', version: 'signature' }),
	event: { type: 'build.finished' },
};
