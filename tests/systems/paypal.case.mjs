// SPDX-License-Identifier: MIT
import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { crc32 } from 'node:zlib';

const webhook_id = '8PT597110X687430LKGECATA';

export default {
	secret() {
		const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
		return { secret: publicKey.export({ type: 'spki', format: 'pem' }), signer: privateKey };
	},
	settings: { webhook_id },
	sign({ secret, body, at, id = randomUUID() }) {
		const time = new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
		return { headers: {
			'PAYPAL-TRANSMISSION-ID': id,
			'PAYPAL-TRANSMISSION-TIME': time,
			'PAYPAL-TRANSMISSION-SIG': sign('sha256', `${id}|${time}|${webhook_id}|${crc32(body)}`, secret.signer).toString('base64'),
		} };
	},
	event: { type: 'PAYMENT.CAPTURE.COMPLETED', delivery_id: 'WH-2RQ97514BZ2614014-19314170KR6492083' },
};
