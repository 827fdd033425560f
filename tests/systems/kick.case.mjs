// SPDX-License-Identifier: MIT
import { sign, verify } from 'node:crypto';
import { header, pemPair } from './tokens.mjs';

const usual = '01JPV9GKQ1Y0S2E8A6W5T4R3Q2';
const signed = (id, time, body) => Buffer.concat([Buffer.from(`${id}.${time}.`), body]);

export default {
	secret: pemPair,
	sign({ secret, body, at, id = usual }) {
		const time = new Date(at).toISOString();
		return { headers: { 'Kick-Event-Message-Id': id, 'Kick-Event-Message-Timestamp': time,
			'Kick-Event-Signature': sign('sha256', signed(id, time, body), secret.signer).toString('base64') } };
	},
	event: { type: 'channel.followed', delivery_id: usual },
	judge: (delivery, secret) => verify('sha256', signed(header(delivery, 'Kick-Event-Message-Id'), header(delivery, 'Kick-Event-Message-Timestamp'), delivery.body),
		secret.secret ?? secret, Buffer.from(header(delivery, 'Kick-Event-Signature'), 'base64')),
};
