// SPDX-License-Identifier: MIT
import { hmac, randomSecret } from './hmac.mjs';

export default {
	secret: randomSecret,
	multi: true,
	sign: ({ secret, body }) => ({ headers: { 'X-PagerDuty-Signature': [secret].flat().map(s => 'v1=' + hmac(s, 'hex', [body])).join(',') } }),
	event: { type: 'incident.triggered', delivery_id: '7a5c0f9e-4f0b-4c7e-9a8f-2b1f0e6d3c55' },
};
