// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';
import { hmacValidator as HmacValidator } from '@adyen/api-library';

const validator = new HmacValidator();

export default {
	secret: () => randomBytes(32).toString('hex').toUpperCase(),
	sign: ({ secret, body }) => ({ headers: { HmacSignature: validator.calculateHmac(body.toString(), secret) } }),
	bodies: { binary: false }, // the package signs text
	event: { type: 'balancePlatform.accountHolder.created' },
	judge: ({ headers, body }, secret) => validator.validateHMACSignature(secret, headers.HmacSignature, body.toString()),
};
