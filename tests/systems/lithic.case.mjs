// SPDX-License-Identifier: MIT
import { standardCase } from './standard.mjs';

export default standardCase({ prefix: 'webhook', id: 'msg_1srOrx2ZWZBpBUvZwXKQmoEYga1' });
