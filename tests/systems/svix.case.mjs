// SPDX-License-Identifier: MIT
import { standardCase } from './standard.mjs';

export default standardCase({ prefix: 'svix', id: 'msg_2KWPBgLlAfxdpx2AI54pPJ85f4W' });
