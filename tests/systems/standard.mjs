// SPDX-License-Identifier: MIT
// Signing as the Standard Webhooks specification says, under either set of header names, and the
// judgement of the packages svix and standardwebhooks.
import { createHmac, randomBytes } from 'node:crypto';
import { Webhook as Svix } from 'svix';
import { Webhook as Standard } from 'standardwebhooks';

export const base64Secret = () => 'whsec_' + randomBytes(24).toString('base64');
const decoded = secret => Buffer.from(secret.replace(/^whsec_/, ''), 'base64');

// prefix: svix or webhook. key: bytes of the HMAC key from the secret. id: of the delivery when none is asked for.
export function standardSign({ prefix, key = decoded, id: usual }) {
	return ({ secret, body, at, id = usual }) => {
		const ts = String(Math.floor(at / 1000));
		const signature = [secret].flat().map(s => 'v1,' + createHmac('sha256', key(s))
			.update(`${id}.${ts}.`).update(body).digest('base64')).join(' ');
		return { headers: { [`${prefix}-id`]: id, [`${prefix}-timestamp`]: ts, [`${prefix}-signature`]: signature } };
	};
}

// The vendor's class throws unless it is content. Svix's own knows both sets of names.
export function standardJudge(prefix, written = s => s) {
	const Judge = prefix === 'svix' ? Svix : Standard;
	return (delivery, secret) => {
		try {
			new Judge(written(secret)).verify(delivery.body, delivery.headers);
			return true;
		} catch {
			return false;
		}
	};
}

export function standardCase({ prefix, id, type, secret = base64Secret, key, written }) {
	return {
		secret,
		timestamped: true,
		tolerance_s: 300,
		multi: true,
		sign: standardSign({ prefix, key, id }),
		event: { ...type && { type }, delivery_id: id },
		judge: standardJudge(prefix, written),
	};
}
