// SPDX-License-Identifier: MIT
import { createHash, generateKeyPairSync, sign, verify } from 'node:crypto';
import { header } from './tokens.mjs';

const verification = 'a-verification-token-of-32-to-80-letters';
const code = 'a8628072-3d33-45ee-9004-bee86830a22d';

export default {
	secret() {
		const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
		return { secret: publicKey.export({ type: 'spki', format: 'pem' }), signer: privateKey };
	},
	settings: { verification_token: { secret: verification } },
	sign({ secret, body }) {
		const proof = { alg: 'ecdsa', kid: '9936261a-7d7b-4621-a0f1-964b3e1e6e3a', signature: sign('sha1', body, secret.signer).toString('base64'), digest: 'SHA1' };
		return { headers: { 'X-EBAY-SIGNATURE': Buffer.from(JSON.stringify(proof)).toString('base64') } };
	},
	event: { type: 'MARKETPLACE_ACCOUNT_DELETION', delivery_id: '0c7b1e52-8d3f-4a6b-9e21-5f4d3c2b1a09_6a5b4c3d-2e1f-4f0e-8d9c-7b6a5f4e3d2c' },
	handshakes: [{
		name: 'challenge',
		request: () => ({ method: 'GET', query: `challenge_code=${code}` }),
		reply: { status: 200, body: (got, { url }) => JSON.parse(got).challengeResponse === createHash('sha256').update(code).update(verification).update(url).digest('hex') },
	}],
	judge(delivery, secret) {
		const proof = JSON.parse(Buffer.from(header(delivery, 'X-EBAY-SIGNATURE'), 'base64'));
		return verify('sha1', delivery.body, secret.secret ?? secret, Buffer.from(proof.signature, 'base64'));
	},
};
