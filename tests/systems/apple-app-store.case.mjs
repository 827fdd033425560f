// SPDX-License-Identifier: MIT
import { X509Certificate } from 'node:crypto';
import { decodeProtectedHeader } from 'jose';
import { chainOfThree, pem } from './certificate.mjs';
import { claimsOf, token } from './tokens.mjs';

const bundle = 'com.example.shop';
const uuid = '4e3d2c1b-0a9f-4e8d-8c7b-6a5f4e3d2c1b';

// The operator pastes the signer's certificate; a notification carries it with its chain.
function made() {
	const { x5c, key } = chainOfThree({ leafMarks: ['1.2.840.113635.100.6.11.1'], middleMarks: ['1.2.840.113635.100.6.2.1'] });
	return { secret: pem(Buffer.from(x5c[0], 'base64')), signer: key, x5c };
}

const notification = bundleId => ({ secret, at }) => {
	const payload = { notificationType: 'DID_RENEW', notificationUUID: uuid, version: '2.0', signedDate: at, data: { bundleId, bundleVersion: '1.2.3', environment: 'Sandbox', status: 1 } };
	return { headers: {}, body: Buffer.from(JSON.stringify({ signedPayload: token(payload, secret.signer, { alg: 'ES256', x5c: secret.x5c }) })) };
};

export default {
	secret: made,
	settings: { bundle_id: bundle },
	bodies: { empty: false, binary: false },
	sign: notification(bundle),
	never: [
		{ name: 'a notification of another app', sign: notification('com.example.other') },
		{ name: 'a notification of no app', sign: notification(undefined) },
		{ name: 'a notification that brings its own signer', sign: rest => notification(bundle)({ ...rest, secret: made() }) },
	],
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
