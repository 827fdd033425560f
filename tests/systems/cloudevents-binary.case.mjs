// SPDX-License-Identifier: MIT
// The events are written by the package of the CloudEvents project.
import { randomBytes } from 'node:crypto';
import { CloudEvent, HTTP } from 'cloudevents';

const bearer = secret => ({ Authorization: `Bearer ${secret}` });
const expected = { type: 'com.example.order.created', delivery_id: 'https://shop.example.com/orders.A234-1234-1234' };

export default {
	secret: () => randomBytes(24).toString('base64url'),
	coversBody: false,
	sign: ({ secret }) => ({ headers: bearer(secret) }),
	event: expected,
	also: [
		{ // the data has an id, a source and a type of its own, which are not the event's
			name: 'binary, by the package',
			sign({ secret }) {
				const { headers, body } = HTTP.binary(new CloudEvent({
					id: 'A234-1234-1234', source: 'https://shop.example.com/orders', type: 'com.example.order.created',
					datacontenttype: 'application/json', data: { id: 7, source: 'web', type: 'gift' },
				}));
				return { headers: { ...headers, ...bearer(secret) }, body: Buffer.from(body) };
			},
			event: expected,
		},
		{
			name: 'the token in the query',
			sign: ({ secret, body }) => ({ headers: {}, query: `access_token=${secret}`, body }),
			event: expected,
		},
	],
	handshakes: [{
		name: 'abuse_protection',
		request: () => ({ method: 'OPTIONS', headers: { 'WebHook-Request-Origin': 'eventemitter.example.com' } }),
		reply: {
			status: 200,
			headers: { allow: 'POST', 'webhook-allowed-origin': 'eventemitter.example.com', 'webhook-allowed-rate': '*' },
		},
	}],
	judge: ({ headers, body }) => HTTP.isEvent({
		headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])), body: body.toString(),
	}),
};
