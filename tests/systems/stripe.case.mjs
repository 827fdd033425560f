// SPDX-License-Identifier: MIT
import { createHmac, randomBytes } from 'node:crypto';
import Stripe from 'stripe';

const stripe = new Stripe('sk_test_0');

export default {
	secret: () => `whsec_${randomBytes(24).toString('hex')}`,
	timestamped: true,
	multi: true,
	// One secret: as the vendor's package makes it. Several, or bytes that are no text: as its manual says.
	sign({ secret, body, at }) {
		const timestamp = Math.floor(at / 1000), text = body.toString();
		if (!Array.isArray(secret) && Buffer.from(text).equals(body) && text) {
			return { headers: { 'Stripe-Signature': stripe.webhooks.generateTestHeaderString({ payload: text, secret, timestamp }) } };
		}
		const signatures = [secret].flat().map(key => `v1=${createHmac('sha256', key).update(`${timestamp}.`).update(body).digest('hex')}`);
		return { headers: { 'Stripe-Signature': [`t=${timestamp}`, ...signatures, `v0=${'0'.repeat(64)}`].join(',') } };
	},
	event: { type: 'payment_intent.succeeded', delivery_id: 'evt_1NG8Du2eZvKYlo2CUI79vXWy' },
	judge({ headers, body }, secret) {
		stripe.webhooks.constructEvent(body, headers['Stripe-Signature'], secret);
		return true;
	},
};
