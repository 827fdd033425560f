// SPDX-License-Identifier: MIT
import { randomSecret } from './hmac.mjs';

export default {
	secret: randomSecret,
	coversBody: false,
	sign: ({ secret }) => ({ headers: { 'X-Telegram-Bot-Api-Secret-Token': secret } }),
	event: { delivery_id: '10000' },
};
