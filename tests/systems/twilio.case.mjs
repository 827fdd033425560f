// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';
import twilio from 'twilio';

// What a form parser hands to the package: a name given more than once has a list.
const parameters = body => {
	const all = {};
	for (const [name, value] of new URLSearchParams(body.toString()))
		all[name] = name in all ? [all[name], value].flat() : value;
	return all;
};

export default {
	scheme: 'parameters',
	secret: () => randomBytes(16).toString('hex'),
	sign({ secret, body, url }) {
		return { headers: { 'X-Twilio-Signature': twilio.getExpectedTwilioSignature(secret, url, parameters(body)) } };
	},
	bodies: { binary: false },
	event: {},
	judge: ({ headers, body, url }, secret) =>
		twilio.validateRequest(secret, headers['X-Twilio-Signature'], url, parameters(body)),
};
