// SPDX-License-Identifier: MIT
import { createHmac, randomBytes } from 'node:crypto';

export default {
	secret: () => randomBytes(16).toString('hex'),
	coversBody: false,
	sign({ secret, body, at }) {
		const event = JSON.parse(body);
		const timestamp = String(Math.floor(at / 1000));
		const token = randomBytes(25).toString('hex');
		event.signature = { token, timestamp, signature: createHmac('sha256', secret).update(timestamp + token).digest('hex') };
		return { headers: {}, body: Buffer.from(JSON.stringify(event)) };
	},
	bodies: { empty: false, binary: false },
	event: { type: 'delivered', delivery_id: 'KEmubcRDLSBqGB1nNChcRn' },
};
