// SPDX-License-Identifier: MIT
import { standardCase } from './standard.mjs';

export default standardCase({ prefix: 'webhook', id: 'evt-cph1rs3idesc73a2b2mg' });
