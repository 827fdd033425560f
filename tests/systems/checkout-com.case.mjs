// SPDX-License-Identifier: MIT
import { createHmac, randomBytes } from 'node:crypto';

export default {
	secret: () => randomBytes(20).toString('base64'),
	sign: ({ secret, body }) => ({ headers: { 'Cko-Signature': createHmac('sha256', secret).update(body).digest('hex') } }),
	event: { type: 'payment_captured', delivery_id: 'evt_za4baaxqr3qp3odvunvprmqjwg' },
};
