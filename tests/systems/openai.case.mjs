// SPDX-License-Identifier: MIT
import OpenAI from 'openai';
import { standardCase } from './standard.mjs';

const client = new OpenAI({ apiKey: 'unused' });

export default {
	...standardCase({ prefix: 'webhook', id: 'wh_685342e6c53c8190a1be43f081506c52', type: 'response.completed' }),
	judge: (delivery, secret) => client.webhooks
		.verifySignature(delivery.body.toString('utf8'), delivery.headers, secret)
		.then(() => true, () => false),
};
