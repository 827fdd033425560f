// SPDX-License-Identifier: MIT
const validation = Buffer.from(JSON.stringify([{
	id: '2d1781af-3a4c-4d7c-bd0c-e34b19da4e66',
	topic: '/subscriptions/00000000-0000-0000-0000-000000000000',
	subject: '',
	data: { validationCode: '512d38b6-c7b8-40c8-89fe-f46f9e9622b6' },
	eventType: 'Microsoft.EventGrid.SubscriptionValidationEvent',
	eventTime: '2026-03-02T09:15:04.1203450Z',
	metadataVersion: '1',
	dataVersion: '2',
}]));

export default {
	secret: null, // it proves nothing
	sign: () => ({ headers: {} }),
	bodies: { empty: false, binary: false },
	event: { type: 'Microsoft.Storage.BlobCreated', delivery_id: '831e1650-001e-001b-66ab-eeb76e069631' },
	handshakes: [
		{
			name: 'subscription_validation',
			request: () => ({
				method: 'POST',
				headers: { 'Content-Type': 'application/json; charset=utf-8', 'aeg-event-type': 'SubscriptionValidation' },
				body: validation,
			}),
			reply: {
				status: 200,
				headers: { 'content-type': 'application/json' },
				body: '{"validationResponse":"512d38b6-c7b8-40c8-89fe-f46f9e9622b6"}',
			},
		},
		{
			name: 'abuse_protection',
			request: () => ({
				method: 'OPTIONS',
				headers: { 'WebHook-Request-Origin': 'eventgrid.azure.net', 'WebHook-Request-Rate': '120' },
			}),
			reply: {
				status: 200,
				headers: { allow: 'POST', 'webhook-allowed-origin': 'eventgrid.azure.net', 'webhook-allowed-rate': '*' },
			},
		},
	],
};
