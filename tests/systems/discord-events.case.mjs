// SPDX-License-Identifier: MIT
import { generateKeyPairSync, sign } from 'node:crypto';
import { verifyKey } from 'discord-interactions';

function pair() {
	const { publicKey, privateKey } = generateKeyPairSync('ed25519');
	return { secret: Buffer.from(publicKey.export({ format: 'jwk' }).x, 'base64url').toString('hex'), signer: privateKey };
}
function headers({ signer }, body, at) {
	const time = `${Math.floor(at / 1000)}`;
	return {
		'X-Signature-Timestamp': time,
		'X-Signature-Ed25519': sign(null, Buffer.concat([Buffer.from(time), body]), signer).toString('hex'),
	};
}
const ping = Buffer.from('{"version":1,"application_id":"1210000000000000002","type":0}');
const pinged = key => ({
	method: 'POST', headers: { 'Content-Type': 'application/json', ...headers(key, ping, Date.now()) }, body: ping,
});

export default {
	secret: pair,
	timestamped: true,
	sign: ({ secret, body, at }) => ({ headers: headers(secret, body, at) }),
	event: { type: 'APPLICATION_AUTHORIZED' },
	handshakes: [{
		name: 'ping',
		request: ({ secret }) => pinged(secret),
		reply: { status: 204, headers: { 'content-type': 'application/json' }, body: '' },
		refused: () => ({ ...pinged(pair()), status: 401 }),
	}],
	judge: ({ headers: { 'X-Signature-Ed25519': signature, 'X-Signature-Timestamp': time }, body }, { secret }) =>
		verifyKey(body, signature, time, secret),
};
