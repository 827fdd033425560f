// SPDX-License-Identifier: MIT
// Datadog signs nothing.
export default {
	secret: null,
	sign: () => ({ headers: {} }),
	event: {},
};
