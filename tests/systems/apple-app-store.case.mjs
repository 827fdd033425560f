// SPDX-License-Identifier: MIT
import { X509Certificate } from 'node:crypto';
import { decodeProtectedHeader } from 'jose';
import { chainOfThree, pem } from './certificate.mjs';
import { claimsOf, token } from './tokens.mjs';

const bundle = 'com.example.shop';
const uuid = '4e3d2c1b-0a9f-4e8d-8c7b-6a5f4e3d2c1b';

export default {
	// The operator pastes the signer's certificate; a notification carries it with its chain.
	secret() {
		const { x5c, key } = chainOfThree({ leafMarks: ['1.2.840.113635.100.6.11.1'], middleMarks: ['1.2.840.113635.100.6.2.1'] });
		return { secret: pem(Buffer.from(x5c[0], 'base64')), signer: key, x5c };
	},
	settings: { bundle_id: bundle },
	bodies: { empty: false, binary: false },
	sign({ secret, at }) {
		const payload = { notificationType: 'DID_RENEW', notificationUUID: uuid, version: '2.0', signedDate: at, data: { bundleId: bundle, bundleVersion: '1.2.3', environment: 'Sandbox', status: 1 } };
		return { headers: {}, body: Buffer.from(JSON.stringify({ signedPayload: token(payload, secret.signer, { alg: 'ES256', x5c: secret.x5c }) })) };
	},
	event: { type: 'DID_RENEW', delivery_id: uuid },
	// What Apple's own library looks at, dates and revocation apart, and that the certificate is the pasted one.
	async judge(delivery, secret) {
		const { signedPayload } = JSON.parse(delivery.body);
		const pasted = new X509Certificate(secret.secret ?? secret);
		const claims = await claimsOf(signedPayload, pasted.publicKey.export({ type: 'spki', format: 'pem' }), 'ES256');
		const chain = decodeProtectedHeader(signedPayload).x5c?.map(der => new X509Certificate(Buffer.from(der, 'base64')));
		const linked = !chain || chain.every((c, i) => c.verify((chain[i + 1] ?? c).publicKey)) && chain[0].raw.equals(pasted.raw);
		return linked && claims?.data.bundleId === bundle;
	},
};
