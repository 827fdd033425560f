// SPDX-License-Identifier: MIT
import { generateKeyPairSync, sign } from 'node:crypto';

const ID = 'msg_2KWPBgLlAfxdpx2AI54pPJ85f4W';

export default {
	system: 'standard-webhooks',
	secret() {
		const { publicKey, privateKey } = generateKeyPairSync('ed25519');
		return { secret: `whpk_${Buffer.from(publicKey.export({ format: 'jwk' }).x, 'base64url').toString('base64')}`, signer: privateKey };
	},
	timestamped: true,
	multi: true,
	sign({ secret, body, at, id = ID }) {
		const time = Math.floor(at / 1000);
		const bytes = Buffer.concat([Buffer.from(`${id}.${time}.`), body]);
		const signatures = [secret].flat().map(key => `v1a,${sign(null, bytes, key.signer).toString('base64')}`);
		return { headers: { 'webhook-id': id, 'webhook-timestamp': String(time), 'webhook-signature': signatures.join(' ') } };
	},
	event: { type: 'contact.created', delivery_id: ID },
};
