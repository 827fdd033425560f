// SPDX-License-Identifier: MIT
import { randomSecret, timedHeader } from './hmac.mjs';

export default {
	secret: randomSecret,
	sign: timedHeader({ name: 'ElevenLabs-Signature', version: 'v0' }),
	event: { type: 'post_call_transcription' },
};
