// SPDX-License-Identifier: MIT
import { createHmac, randomBytes } from 'node:crypto';

export default {
	secret: () => randomBytes(20).toString('hex'),
	sign: ({ secret, body }) => ({
		headers: { 'Typeform-Signature': `sha256=${createHmac('sha256', secret).update(body).digest('base64')}` },
	}),
	event: { type: 'form_response', delivery_id: '01HQZ4ZT3N6YB0B6D1W2V3X4Y5' },
};
