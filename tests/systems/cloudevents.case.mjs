// SPDX-License-Identifier: MIT
// The events are written by the package of the CloudEvents project.
import { randomBytes } from 'node:crypto';
import { CloudEvent, HTTP } from 'cloudevents';

const bearer = secret => ({ Authorization: `Bearer ${secret}` });
const event = more => new CloudEvent({
	id: 'A234-1234-1234', source: 'https://shop.example.com/orders', type: 'com.example.order.created', subject: '1042',
	time: '2026-03-02T09:15:04.000Z', datacontenttype: 'application/json', data: { order: 1042 }, ...more,
});
const batch = (...events) => ({
	headers: { 'content-type': 'application/cloudevents-batch+json' }, body: Buffer.from(JSON.stringify(events)),
});

export default {
	secret: () => randomBytes(24).toString('base64url'),
	coversBody: false,
	sign: ({ secret }) => ({ headers: bearer(secret) }),
	event: { type: 'com.example.order.created', delivery_id: 'https://shop.example.com/orders.A234-1234-1234' },
	also: [
		{
			name: 'structured, by the package',
			sign({ secret }) {
				const { headers, body } = HTTP.structured(event());
				return { headers: { ...headers, ...bearer(secret) }, body: Buffer.from(body) };
			},
			event: { type: 'com.example.order.created', delivery_id: 'https://shop.example.com/orders.A234-1234-1234' },
		},
		{
			name: 'batched',
			sign({ secret }) {
				const { headers, body } = batch(event(), event({ id: 'A234-1234-1235' }));
				return { headers: { ...headers, ...bearer(secret) }, body };
			},
			event: { type: null, delivery_id: null },
		},
		{
			name: 'a batch of one',
			sign({ secret }) {
				const { headers, body } = batch(event());
				return { headers: { ...headers, ...bearer(secret) }, body };
			},
			event: { type: 'com.example.order.created', delivery_id: null },
		},
		{
			name: 'the token in the query',
			sign: ({ secret, body }) => ({
				headers: { 'Content-Type': 'application/cloudevents+json; charset=utf-8' }, query: `access_token=${secret}`, body,
			}),
			event: { type: 'com.example.order.created', delivery_id: 'https://shop.example.com/orders.A234-1234-1234' },
		},
	],
	handshakes: [{
		name: 'abuse_protection',
		request: () => ({
			method: 'OPTIONS', headers: { 'WebHook-Request-Origin': 'eventemitter.example.com', 'WebHook-Request-Rate': '120' },
		}),
		reply: {
			status: 200,
			headers: { allow: 'POST', 'webhook-allowed-origin': 'eventemitter.example.com', 'webhook-allowed-rate': '*' },
		},
	}],
	// what was sent is an event to the package too
	judge: ({ headers, body }) => HTTP.isEvent({
		headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])), body: body.toString(),
	}),
};
