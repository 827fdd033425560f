// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';
import { hmacValidator as HmacValidator } from '@adyen/api-library';

const validator = new HmacValidator();

export default {
	secret: () => randomBytes(32).toString('hex').toUpperCase(),
	sign({ secret, body }) {
		const webhook = JSON.parse(body);
		for (const { NotificationRequestItem: item } of webhook.notificationItems)
			item.additionalData = { ...item.additionalData, hmacSignature: validator.calculateHmac(item, secret) };
		return { headers: {}, body: Buffer.from(JSON.stringify(webhook)) };
	},
	bodies: { empty: false, binary: false },
	event: { type: 'AUTHORISATION', delivery_id: '0931002516780083.AUTHORISATION.true' },
	judge: ({ body }, secret) => JSON.parse(body).notificationItems
		.every(({ NotificationRequestItem: item }) => validator.validateHMAC(item, secret)),
};
