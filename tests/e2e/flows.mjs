// SPDX-License-Identifier: MIT
//
// flows: the documents of the tests, as short as they can be written.

/** flow makes a document; webhook holds what differs from an open POST on /name. */
export function flow(name, steps, webhook = {}, rest = {}) {
	return {
		name,
		webhook: {
			system: 'generic', name: `Test ${name}`, url_suffix: `/${name}`, methods: ['POST'],
			authentication: { type: 'none' }, ...webhook,
		},
		steps,
		...rest,
	};
}

export const map = (name, value) => ({ name, type: 'map', value });
export const respond = (status, body, more = {}) => ({ name: 'reply', type: 'webhook_response', status, body, ...more });
export const call = (name, method, url, more = {}) => ({ name, type: 'http_request', method, url, ...more });
export const failWith = message => ({ name: 'fail', type: 'stop', outcome: 'failed', message });

/** seen answers with everything a flow can see of the request, and how. */
export const seen = respond(200, {
	headers: '{{ .headers }}', query: '{{ .query }}', path: '{{ .path }}', body: '{{ .body }}', event: '{{ .event }}',
});
