// SPDX-License-Identifier: MIT
import { standardCase } from './standard.mjs';

export default standardCase({ prefix: 'webhook', id: 'msg_2KWPBgLlAfxdpx2AI54pPJ85f51' });
