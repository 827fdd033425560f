// SPDX-License-Identifier: MIT
import { createHmac, randomBytes } from 'node:crypto';
import { WebhooksManager } from 'box-node-sdk/lib/managers/webhooks';

export default {
	secret: () => randomBytes(24).toString('base64url'),
	timestamped: true,
	multi: true, // the primary and the secondary key
	sign({ secret, body, at }) {
		const time = `${new Date(at - 7 * 3600000).toISOString().slice(0, 19)}-07:00`; // Box writes an offset
		const keys = [secret].flat(), headers = {
			'BOX-DELIVERY-TIMESTAMP': time, 'BOX-SIGNATURE-VERSION': '1', 'BOX-SIGNATURE-ALGORITHM': 'HmacSHA256',
		};
		['PRIMARY', 'SECONDARY'].forEach((which, i) => {
			if (keys[i])
				headers[`BOX-SIGNATURE-${which}`] = createHmac('sha256', keys[i]).update(body).update(time).digest('base64');
		});
		return { headers };
	},
	event: { type: 'FILE.UPLOADED', delivery_id: '0f1dd5a8-0d84-44fa-95be-2a5a5d1a8c12' },
	judge({ headers, body }, secret) {
		const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
		const [primary, secondaryKey] = [secret].flat();
		return WebhooksManager.validateMessage(body.toString(), lower, primary, { secondaryKey });
	},
};
