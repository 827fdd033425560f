// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';

const signature = (secret, body) => createHmac('sha256', secret).update(body).digest('hex');
const heartbeat = Buffer.from('{"events":[]}');

export default {
	secret: () => randomBytes(32).toString('hex'),
	sign: ({ secret, body }) => ({ headers: { 'X-Hook-Signature': signature(secret, body) } }),
	event: { type: 'task.changed' },
	handshakes: [
		{
			name: 'hook_secret',
			learns: true, // the flow's secret is not set before it, and is what it sent after it
			request: ({ secret }) => ({ method: 'POST', headers: { 'X-Hook-Secret': secret }, body: Buffer.from('{}') }),
			reply: { status: 200, body: (got, { secret }) => assert.equal(got.headers['x-hook-secret'], secret) },
		},
		{
			name: 'heartbeat',
			request: ({ secret }) => ({
				method: 'POST',
				headers: { 'Content-Type': 'application/json', 'X-Hook-Signature': signature(secret, heartbeat) },
				body: heartbeat,
			}),
			reply: { status: 200 },
			refused: () => ({
				method: 'POST',
				headers: { 'Content-Type': 'application/json', 'X-Hook-Signature': signature('another', heartbeat) },
				body: heartbeat,
				status: 401,
			}),
		},
	],
};
