// SPDX-License-Identifier: MIT
import { randomSecret } from './hmac.mjs';

export default {
	secret: () => 'Bearer ' + randomSecret(),
	coversBody: false,
	sign: ({ secret }) => ({ headers: { Authorization: secret } }),
	event: { type: 's', delivery_id: '90020260302093000000000000000000000001223372036854775807' },
};
