// SPDX-License-Identifier: MIT
import command from './slack-interactivity.case.mjs';

// A button: JSON in the form's field payload.
export default {
	...command,
	system: 'slack-interactivity',
	body: new URLSearchParams({ payload: JSON.stringify({
		type: 'block_actions', trigger_id: '12466734323.1395872398', user: { id: 'U2147483697' }, actions: [{ action_id: 'approve', value: '1001' }],
	}) }).toString(),
	event: { type: 'block_actions', delivery_id: null },
	handshakes: [],
};
