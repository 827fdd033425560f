// SPDX-License-Identifier: MIT
import { createHmac, randomBytes } from 'node:crypto';
import '@shopify/shopify-api/adapters/node';
import { shopifyApi } from '@shopify/shopify-api';

const shopify = apiSecretKey => shopifyApi({
	apiKey: 'key', apiSecretKey, apiVersion: '2026-01', hostName: 'example.com', isEmbeddedApp: false, scopes: [],
	logger: { log: () => {} },
});

export default {
	secret: () => `shpss_${randomBytes(16).toString('hex')}`,
	sign({ secret, body }) {
		return { headers: { 'X-Shopify-Hmac-SHA256': createHmac('sha256', secret).update(body).digest('base64') } };
	},
	event: { type: 'orders/create', delivery_id: 'c97465a7-cbe1-7a34-2f3d-dd1b76ecb684' },
	async judge({ headers, body }, secret) {
		const result = await shopify(secret).webhooks.validate({
			rawBody: body.toString(),
			rawRequest: { method: 'POST', url: '/', headers },
			rawResponse: {},
		});
		return result.valid;
	},
};
