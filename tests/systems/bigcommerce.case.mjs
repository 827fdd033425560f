// SPDX-License-Identifier: MIT
import { createHmac, randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';

export default {
	secret: () => randomBytes(32).toString('hex'),
	timestamped: true,
	multi: true,
	sign({ secret, body, at, id = 'msg_1042' }) {
		const time = `${Math.floor(at / 1000)}`;
		const signature = key => `v1,${createHmac('sha256', key).update(`${id}.${time}.`).update(body).digest('base64')}`;
		return {
			headers: {
				'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': [secret].flat().map(signature).join(' '),
			},
		};
	},
	event: { type: 'store/order/created', delivery_id: '3f9ea420af83450d7ef9f78b08c8af25b2213637.1772442904' },
	judge({ headers, body }, secret) { // as BigCommerce documents it: the client secret, encoded
		try {
			new Webhook(Buffer.from(secret).toString('base64')).verify(body, headers);
			return true;
		} catch {
			return false;
		}
	},
};
