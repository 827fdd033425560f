// SPDX-License-Identifier: MIT
import nacl from 'tweetnacl';

export default {
	secret() {
		const pair = nacl.sign.keyPair();
		return { secret: Buffer.from(pair.publicKey).toString('base64'), signer: Buffer.from(pair.secretKey.subarray(0, 32)).toString('hex'), pair };
	},
	sign({ secret, body, at }) {
		const time = String(Math.floor(at / 1000));
		const signature = nacl.sign.detached(Buffer.concat([Buffer.from(`${time}|`), body]), secret.pair.secretKey);
		return { headers: { 'telnyx-timestamp': time, 'telnyx-signature-ed25519': Buffer.from(signature).toString('base64') } };
	},
	event: {},
};
