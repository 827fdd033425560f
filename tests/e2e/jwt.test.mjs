// SPDX-License-Identifier: MIT
//
// jwt: tokens made by jose and jsonwebtoken, in every place and with every sort of key, and the attacks on them.

import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, sign as signBytes } from 'node:crypto';
import { before } from 'node:test';
import * as jose from 'jose';
import jsonwebtoken from 'jsonwebtoken';
import { flow, map } from './flows.mjs';
import { story } from './story.mjs';
import { World } from './world.mjs';

const pair = (type, options) => generateKeyPairSync(type, options);
const keys = {
	rsa: pair('rsa', { modulusLength: 2048 }), rsa2: pair('rsa', { modulusLength: 2048 }),
	p256: pair('ec', { namedCurve: 'P-256' }), p384: pair('ec', { namedCurve: 'P-384' }), ed: pair('ed25519'),
};
const pem = key => key.export({ type: 'spki', format: 'pem' });
const jwk = (key, more = {}) => ({ ...key.export({ format: 'jwk' }), ...more });
const SHARED = 'a-shared-secret-of-32-bytes-or-more';
const SECRETS = {
	shared: SHARED, other: 'another-shared-secret-of-32-bytes', rsa: pem(keys.rsa.publicKey),
	rsa_b64: keys.rsa.publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
	p256: JSON.stringify(jwk(keys.p256.publicKey)), p384: pem(keys.p384.publicKey),
	ed: Buffer.from(jwk(keys.ed.publicKey).x, 'base64url').toString('hex'),
	jwks: JSON.stringify({ keys: [jwk(keys.rsa.publicKey, { kid: 'one', alg: 'RS256' }), jwk(keys.rsa2.publicKey, { kid: 'two', use: 'sig' }),
		jwk(keys.p256.publicKey, { kid: 'three' })] }),
	private: keys.rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }),
	short: pem(pair('rsa', { modulusLength: 1024 }).publicKey),
	oct: JSON.stringify({ kty: 'oct', k: Buffer.from(SHARED).toString('base64url'), alg: 'HS256' }),
};
const keep = [map('kept', { ok: true })];
const guarded = (name, more) => flow(name, keep, { authentication: { type: 'jwt', ...more } });
const HS = { algorithms: ['HS256'], secret: 'shared' }, RS = { algorithms: ['RS256'], secret: 'rsa' };

let w;
before(async () => {
	w = await World.open({
		secrets: SECRETS,
		flows: [
			guarded('hs', { ...HS, secret: ['shared', 'other'] }), guarded('hs-all', { ...HS, algorithms: ['HS256', 'HS384', 'HS512'] }),
			guarded('oct', { ...HS, secret: 'oct' }), guarded('rs', RS), guarded('rs-b64', { ...RS, secret: 'rsa_b64' }),
			guarded('rs-all', { algorithms: ['RS256', 'RS384', 'RS512', 'PS256'], secret: 'rsa' }),
			guarded('es', { algorithms: ['ES256'], secret: 'p256' }), guarded('es384', { algorithms: ['ES384'], secret: 'p384' }),
			guarded('ed', { algorithms: ['EdDSA'], secret: 'ed' }),
			guarded('jwks', { algorithms: ['RS256', 'ES256'], secret: 'jwks' }),
			guarded('query', { ...HS, in: 'query', name: 'token' }), guarded('body', { ...HS, in: 'body' }),
			guarded('member', { ...HS, in: 'body', name: 'auth', prefix: 'JWT ' }),
			guarded('own', { ...HS, name: 'X-Token' }),
			guarded('claims', { ...HS, issuer: 'https://shop.example', audience: 'ringbolt', claims: { scope: 'orders', level: 3 }, tolerance_s: 0 }),
			guarded('aged', { ...HS, max_age_s: 300, tolerance_s: 10 }),
			guarded('confused', { ...HS, secret: 'rsa' }), guarded('confused-b64', { ...HS, secret: 'rsa_b64' }),
			guarded('private', { ...RS, secret: 'private' }), guarded('short', { ...RS, secret: 'short' }),
		],
	});
});

const now = () => Math.floor(Date.now() / 1000);
const fresh = (more = {}) => ({ sub: 'order', exp: now() + 60, ...more });
const make = (claims, key, alg, header = {}) => new jose.SignJWT(claims).setProtectedHeader({ alg, ...header }).sign(key);
const hs = (claims, secret = SHARED, alg = 'HS256', header = {}) => make(claims, Buffer.from(secret), alg, header);
const part = value => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
/** raw: what no library would make. */
const raw = (header, claims, secret = SHARED) => {
	const text = `${part(header)}.${part(claims)}`;
	return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
};
const call = (suffix, token) => w.post(suffix, '{}', { Authorization: `Bearer ${token}` });

async function enters(suffix, token) {
	assert.equal((await call(suffix, token)).status, 202, `${suffix} ${JSON.stringify(jose.decodeProtectedHeader(token))}`);
}

/** refused: 401 that says nothing, and for the operator a cause that says why and holds no token. */
async function refused(suffix, token, why, send = () => call(suffix, token)) {
	const got = await send();
	assert.equal(got.status, 401);
	assert.equal(got.json.error, 'not authenticated');
	const [row] = await w.sql(`SELECT * FROM rejected_requests WHERE path = '/in${suffix}' ORDER BY id DESC LIMIT 1`);
	assert.match(row.cause, why);
	for (const piece of token.split('.').filter(text => text.length > 8)) assert.ok(!JSON.stringify(row).includes(piece), row.cause);
	assert.ok(!row.cause.includes(SHARED));
}

story('a token of each algorithm lets in, with a key of each form', async () => {
	await enters('/hs', await hs(fresh()));
	await enters('/hs', await hs(fresh(), SECRETS.other));
	for (const algorithm of ['HS256', 'HS384', 'HS512']) {
		await enters('/hs-all', jsonwebtoken.sign({ a: 1 }, SHARED, { algorithm, expiresIn: 60 }));
	}
	await enters('/oct', jsonwebtoken.sign({ a: 1 }, SHARED, { expiresIn: 60 }));
	await enters('/rs', await make(fresh(), keys.rsa.privateKey, 'RS256'));
	await enters('/rs-b64', jsonwebtoken.sign({ a: 1 }, keys.rsa.privateKey, { algorithm: 'RS256', expiresIn: '1h' }));
	for (const alg of ['RS256', 'RS384', 'RS512', 'PS256']) {
		await enters('/rs-all', await make(fresh(), keys.rsa.privateKey, alg));
		await enters('/rs-all', jsonwebtoken.sign({ a: 1 }, keys.rsa.privateKey, { algorithm: alg, expiresIn: 60 }));
	}
	await enters('/es', await make(fresh(), keys.p256.privateKey, 'ES256'));
	await enters('/es', jsonwebtoken.sign({}, keys.p256.privateKey, { algorithm: 'ES256', expiresIn: 60 }));
	await enters('/es384', await make(fresh(), keys.p384.privateKey, 'ES384'));
	await enters('/ed', await make(fresh(), keys.ed.privateKey, 'EdDSA'));
});

story('a JWKS is searched by kid, and its keys are used for their own algorithm only', async () => {
	await enters('/jwks', await make(fresh(), keys.rsa.privateKey, 'RS256', { kid: 'one' }));
	await enters('/jwks', await make(fresh(), keys.rsa2.privateKey, 'RS256', { kid: 'two' }));
	await enters('/jwks', await make(fresh(), keys.p256.privateKey, 'ES256', { kid: 'three' }));
	await enters('/jwks', await make(fresh(), keys.rsa2.privateKey, 'RS256'));
	await refused('/jwks', await make(fresh(), keys.rsa.privateKey, 'RS256', { kid: 'four' }), /\(kid\).*not among ours/);
	await refused('/jwks', await make(fresh(), keys.rsa.privateKey, 'RS256', { kid: 'two' }), /does not hold/);
	await refused('/jwks', await make(fresh(), keys.rsa.privateKey, 'RS512', { kid: 'one' }), /RS512, which is not among/);
});

story('a token is found in the query, in the body and in a header of its own, and is not kept with the event', async () => {
	const token = await hs(fresh());
	const query = await w.send('POST', `/in/query?a=1&token=${token}`, { body: '{}' });
	assert.equal(query.status, 202);
	assert.equal((await w.post('/body', token)).status, 202);
	assert.equal((await w.post('/body', await hs(fresh(), 'x'.repeat(32)))).status, 401);
	assert.equal((await w.post('/member', { auth: `JWT ${token}`, n: 1 })).status, 202);
	assert.equal((await w.post('/own', '{}', { 'X-Token': token })).status, 202);
	const kept = await w.sql("SELECT query, headers FROM event_requests WHERE path IN ('/in/query', '/in/own', '/in/hs')");
	assert.ok(kept.length >= 2 && !JSON.stringify(kept).includes(token));
	await refused('/query', token, /query parameter token is missing/);
	await refused('/query', token, /sent 2 times/, () => w.send('POST', `/in/query?token=${token}&token=${token}`, { body: '{}' }));
	await refused('/own', token, /header X-Token is missing/);
	await refused('/member', token, /member auth of the body is missing/);
	await refused('/member', token, /does not begin with "JWT "/, () => w.post('/member', { auth: token }));
	await refused('/hs', token, /header Authorization does not begin with "Bearer "/, () => w.post('/hs', '{}', { Authorization: token }));
	await refused('/hs', token, /header Authorization is missing/, () => w.post('/hs', '{}'));
});

story('time counts: exp, nbf and iat, with tolerance, and the cause says by how much', async () => {
	await enters('/hs', await hs(fresh({ exp: now() - 30 })));
	await refused('/hs', await hs(fresh({ exp: now() - 120 })), /expired 12\d seconds ago/);
	await refused('/hs', jsonwebtoken.sign({}, SHARED, { expiresIn: -120 }), /expired/);
	await refused('/hs', await hs(fresh({ nbf: now() + 120 })), /not valid for another 1[12]\d seconds \(nbf\)/);
	await refused('/hs', jsonwebtoken.sign({}, SHARED, { notBefore: 120, expiresIn: 600 }), /nbf/);
	await refused('/hs', await hs(fresh({ iat: now() + 120 })), /seconds in the future \(iat\)/);
	await refused('/hs', await hs({ sub: 'endless' }), /never expires/);
	await refused('/hs', raw({ alg: 'HS256' }, { exp: String(now() + 60) }), /exp is not a number/);
	await enters('/aged', jsonwebtoken.sign({ a: 1 }, SHARED));
	await enters('/aged', await hs({ iat: now() - 305 }));
	await refused('/aged', await hs({ iat: now() - 400 }), /is 40\d seconds old.*at most 300/);
	await refused('/aged', await hs(fresh()), /does not say when it was issued/);
});

story('claims must be what the flow says', async () => {
	const right = { iss: 'https://shop.example', aud: ['other', 'ringbolt'], scope: 'orders', level: 3 };
	await enters('/claims', await hs(fresh(right)));
	await enters('/claims', await hs(fresh({ ...right, aud: 'ringbolt' })));
	await refused('/claims', await hs(fresh({ ...right, aud: 'elsewhere' })), /claim "aud" is not what it must be/);
	await refused('/claims', await hs(fresh({ ...right, aud: undefined })), /no claim "aud"/);
	await refused('/claims', await hs(fresh({ ...right, iss: 'https://shop.example/' })), /claim "iss"/);
	await refused('/claims', await hs(fresh({ ...right, scope: 'all' })), /claim "scope"/);
	await refused('/claims', await hs(fresh({ ...right, level: '3' })), /claim "level"/);
});

story('algorithm none is refused, in any spelling, with and without a signature', async () => {
	const claims = fresh();
	for (const alg of ['none', 'None', 'nOnE']) {
		await refused('/hs', `${part({ alg })}.${part(claims)}.`, /not signed/);
		await refused('/hs', `${part({ alg })}.${part(claims)}.AAAA`, /"none"/);
		await refused('/rs', `${part({ alg })}.${part(claims)}.AAAA`, /"none"/);
	}
	await refused('/hs', new jose.UnsecuredJWT(claims).encode(), /not signed/);
	await refused('/hs', jsonwebtoken.sign(claims, '', { algorithm: 'none' }), /not signed/);
	await refused('/hs', raw({ alg: '' }, claims), /not known here/);
	await refused('/hs', raw({ typ: 'JWT' }, claims), /names no algorithm/);
	await refused('/hs', raw({ alg: ['HS256'] }, claims), /names no algorithm/);
});

story('a public key never does as a shared secret', async () => {
	for (const secret of [SECRETS.rsa, SECRETS.rsa.trim(), SECRETS.rsa_b64]) {
		const token = raw({ alg: 'HS256', typ: 'JWT' }, fresh(), secret);
		await refused('/rs', token, /signed with HS256, which is not among/);
		await refused('/confused', token, /secret "rsa".*shared secret is asked for/);
		await refused('/confused-b64', token, /secret "rsa_b64".*shared secret is asked for/);
	}
});

story('a private key and a short one let nobody in', async () => {
	const token = await make(fresh(), keys.rsa.privateKey, 'RS256');
	await refused('/private', token, /this is a private key/);
	await refused('/short', token, /1024 bits is too short; at least 2048/);
});

story('keys a token brings along or points to are not looked at', async () => {
	const own = pair('rsa', { modulusLength: 2048 });
	for (const header of [{ jwk: jwk(own.publicKey) }, { jku: 'https://attacker.example/jwks' }, { x5u: 'https://attacker.example/x' },
		{ kid: '../../dev/null' }, { kid: "' OR 1=1" }]) {
		await refused('/rs', await make(fresh(), own.privateKey, 'RS256', header), /does not hold/);
	}
	await refused('/rs', raw({ alg: 'RS256', kid: 7 }, fresh()), /kid is not a text/);
});

story('what is cut off, changed or oversized is refused', async () => {
	const token = await hs(fresh());
	const [header, claims, signature] = token.split('.');
	await refused('/hs', token.slice(0, -1), /does not hold|not base64url/);
	await refused('/hs', token.slice(0, -10), /does not hold|not base64url/);
	await refused('/hs', `${header}.${claims}`, /has 2 parts/);
	await refused('/hs', header, /has 1 parts/);
	await refused('/hs', `${header}.${claims}.${signature}.x`, /has 4 parts/);
	await refused('/hs', `${header}.${claims}.${signature}.a.b`, /encrypted/);
	await refused('/hs', `${header}..${signature}`, /detached/);
	await refused('/hs', `${header}.${claims}.${signature}=`, /not base64url/);
	await refused('/hs', `${header}.${part(fresh({ admin: true }))}.${signature}`, /does not hold/);
	await refused('/hs', `!${header}.${claims}.${signature}`, /not base64url/);
	await refused('/hs', '..', /detached|empty/);
	await refused('/hs', raw({ alg: 'HS256', x: 'y'.repeat(20000) }, fresh({ x: 'z' })).replace(/\.[^.]*$/, '.AAAA'), /does not hold/);
	await refused('/body', 'x', /has 1 parts/, () => w.post('/body', '{}'));
	const huge = raw({ alg: 'HS256' }, { exp: now() + 60, x: 'y'.repeat(900000) });
	await refused('/body', 'a.b', /at most 1048576 are taken/, () => w.post('/body', huge));
	const head = raw({ alg: 'HS256', x: 'y'.repeat(60000) }, fresh());
	await refused('/body', 'a.b', /header has \d+ characters/, () => w.post('/body', head));
});

story('a token that two readers could read in two ways is refused, though its signature holds', async () => {
	await refused('/hs', raw('{"alg":"HS256","alg":"none"}', fresh()), /header has a key twice/);
	await refused('/hs', raw('{"alg":"none","alg":"HS256"}', fresh()), /header has a key twice/);
	await refused('/hs', raw('{"alg":"HS256","\\u0061lg":"HS256"}', fresh()), /header has a key twice/);
	await refused('/hs', raw({ alg: 'HS256' }, `{"exp":${now() - 999},"exp":${now() + 60}}`), /payload has a key twice/);
	await refused('/hs', raw({ alg: 'HS256' }, `[{"exp":${now() + 60}}]`), /payload is not a JSON object/);
	await refused('/hs', raw({ alg: 'HS256' }, 'exp'), /payload is not JSON/);
	await refused('/hs', raw('{"alg":"HS256"', fresh()), /header is not JSON/);
	await refused('/hs', raw({ alg: 'HS256', b64: false, crit: ['b64'] }, fresh()), /"crit", which is not taken/);
	await refused('/hs', raw({ alg: 'HS256', b64: false }, fresh()), /"b64", which is not taken/);
});

story('an ECDSA signature is taken in the form of the standard only, and never one of zeros', async () => {
	const text = `${part({ alg: 'ES256' })}.${part(fresh())}`;
	const der = signBytes('sha256', Buffer.from(text), keys.p256.privateKey);
	await refused('/es', `${text}.${der.toString('base64url')}`, /does not hold/);
	await refused('/es', `${text}.${Buffer.alloc(64).toString('base64url')}`, /does not hold/);
	await enters('/es', `${text}.${signBytes('sha256', Buffer.from(text), { key: keys.p256.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`);
});
