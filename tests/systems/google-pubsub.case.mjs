// SPDX-License-Identifier: MIT
import { claimsOf, header, jwkPair, token } from './tokens.mjs';

const settings = { audience: 'https://example.com/in/pubsub', email: 'push@example-project.iam.gserviceaccount.com' };
const rules = { issuer: 'https://accounts.google.com', audience: settings.audience };

const push = (more = {}) => ({ secret, at }) => {
	const iat = Math.floor(at / 1000);
	const claims = { iss: rules.issuer, aud: settings.audience, azp: '113774264463038321964', sub: '113774264463038321964', email: settings.email, email_verified: true, iat, exp: iat + 3600, ...more };
	return { headers: { Authorization: 'Bearer ' + token(claims, secret.signer, { alg: 'RS256', kid: secret.kid }) } };
};

export default {
	secret: () => jwkPair('RS256'),
	settings,
	coversBody: false,
	sign: push(),
	never: [
		{ name: 'a token for another audience', sign: push({ aud: 'https://example.com/in/other' }) },
		{ name: 'a token of another service account', sign: push({ email: 'other@example-project.iam.gserviceaccount.com' }) },
		{ name: 'a token whose address is not verified', sign: push({ email_verified: false }) },
		{ name: 'a token of another issuer', sign: push({ iss: 'https://accounts.example.com' }) },
		{ name: 'a token that has expired', sign: ({ at, ...rest }) => push()({ ...rest, at: at - 7200000 }) },
	],
	event: {},
	async judge(delivery, secret) {
		const claims = await claimsOf(header(delivery, 'Authorization').slice('Bearer '.length), secret.secret ?? secret, 'RS256', rules);
		return claims?.email === settings.email && claims.email_verified === true;
	},
};
