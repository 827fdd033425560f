// SPDX-License-Identifier: MIT
import { createHmac, randomBytes } from 'node:crypto';

export default {
	secret: () => randomBytes(20).toString('base64url'),
	sign: ({ secret, body }) => ({ headers: { 'X-Razorpay-Signature': createHmac('sha256', secret).update(body).digest('hex') } }),
	event: { type: 'payment.captured', delivery_id: 'N2rEXAMPLE0001' },
};
