// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';
import { claimsOf, header, token } from './tokens.mjs';

const challenge = '3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P';

function sign({ secret, at, url }) {
	const iat = Math.floor(at / 1000);
	return { headers: { Authorization: token({ accountId: 1825528, userId: 4012689, aud: url, iat, exp: iat + 300, shortLivedToken: 'example' }, secret, { alg: 'HS256' }) } };
}

export default {
	secret: () => randomBytes(16).toString('hex'),
	coversBody: false,
	sign,
	never: [{ name: 'a token that has expired', sign: ({ at, ...rest }) => sign({ ...rest, at: at - 600000 }) }],
	event: { type: 'update_column_value' },
	handshakes: [{
		name: 'challenge',
		request: () => ({ method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ challenge }) }),
		reply: { status: 200, body: JSON.stringify({ challenge }) },
	}],
	judge: async (delivery, secret) => await claimsOf(header(delivery, 'Authorization'), secret, 'HS256') !== null,
};
