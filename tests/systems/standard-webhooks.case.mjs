// SPDX-License-Identifier: MIT
import { createHmac, randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';

const ID = 'msg_2KWPBgLlAfxdpx2AI54pPJ85f4W';
const own = (secret, id, time, body) => `v1,${createHmac('sha256', Buffer.from(secret.slice(6), 'base64'))
	.update(`${id}.${time}.`).update(body).digest('base64')}`;

export default {
	secret: () => `whsec_${randomBytes(24).toString('base64')}`,
	timestamped: true,
	multi: true,
	sign({ secret, body, at, id = ID }) {
		const time = Math.floor(at / 1000), text = body.toString();
		const signatures = [secret].flat().map(key => Buffer.from(text).equals(body)
			? new Webhook(key).sign(id, new Date(at), text) : own(key, id, time, body));
		return { headers: { 'webhook-id': id, 'webhook-timestamp': String(time), 'webhook-signature': signatures.join(' ') } };
	},
	event: { type: 'contact.created', delivery_id: ID },
	judge({ headers, body }, secret) {
		new Webhook(secret).verify(body.toString(), headers);
		return true;
	},
};
