// SPDX-License-Identifier: MIT
import { generateKeyPairSync, sign } from 'node:crypto';
import { EventWebhook } from '@sendgrid/eventwebhook';

export default {
	secret() {
		const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
		return { secret: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'), signer: privateKey };
	},
	sign({ secret, body, at }) {
		const seconds = String(Math.floor(at / 1000));
		return { headers: {
			'X-Twilio-Email-Event-Webhook-Timestamp': seconds,
			'X-Twilio-Email-Event-Webhook-Signature':
				sign('sha256', Buffer.concat([Buffer.from(seconds), body]), secret.signer).toString('base64'),
		} };
	},
	event: { type: 'delivered', delivery_id: 'ZGVsaXZlcmVkLTAbIDB4UEH4NQkgYLZ6AZyuMrrGxC0XnOT2u47bR22pNK4j' },
	judge({ headers, body }, secret) {
		const webhook = new EventWebhook();
		return webhook.verifySignature(webhook.convertPublicKeyToECDSA(secret.secret ?? secret), body,
			headers['X-Twilio-Email-Event-Webhook-Signature'], headers['X-Twilio-Email-Event-Webhook-Timestamp']);
	},
};
