// SPDX-License-Identifier: MIT
import { X509Certificate } from 'node:crypto';
import { decodeProtectedHeader } from 'jose';
import { chainOfThree } from './certificate.mjs';
import { claimsOf, token } from './tokens.mjs';

const bundle = 'com.example.shop';

export default {
	secret() {
		const { root, x5c, key } = chainOfThree({ leafMarks: ['1.2.840.113635.100.6.11.1'], middleMarks: ['1.2.840.113635.100.6.2.1'] });
		return { secret: root, signer: key, x5c };
	},
	settings: { bundle_id: bundle },
	bodies: { empty: false, binary: false },
	sign({ secret, at }) {
		const payload = { notificationType: 'DID_RENEW', notificationUUID: '002e14d5-51f5-4503-b5a8-c3a1af68eb20', version: '2.0', signedDate: at, data: { bundleId: bundle, bundleVersion: '1.2.3', environment: 'Sandbox', status: 1 } };
		return { headers: {}, body: Buffer.from(JSON.stringify({ signedPayload: token(payload, secret.signer, { alg: 'ES256', x5c: secret.x5c }) })) };
	},
	event: {},
	// What Apple's own library looks at, dates and revocation apart.
	async judge(delivery, secret) {
		const { signedPayload } = JSON.parse(delivery.body);
		const [leaf, middle] = decodeProtectedHeader(signedPayload).x5c.map(der => new X509Certificate(Buffer.from(der, 'base64')));
		const root = new X509Certificate(secret.secret ?? secret);
		const claims = await claimsOf(signedPayload, leaf.publicKey.export({ type: 'spki', format: 'pem' }), 'ES256');
		return middle.ca && middle.verify(root.publicKey) && leaf.verify(middle.publicKey) && claims?.data.bundleId === bundle;
	},
};
