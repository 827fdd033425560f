// SPDX-License-Identifier: MIT
export default {
	secret: null, // it proves nothing: the flow says how
	event: {},
};
