// SPDX-License-Identifier: MIT
export default {
	secret: null, // the sender proves nothing
	sign: () => ({ headers: {} }),
	event: {},
};
