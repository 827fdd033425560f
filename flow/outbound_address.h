/* SPDX-License-Identifier: MIT */
/*
 * outbound_address: the judgement behind outbound_address_refused, which is declared in
 * flow/outbound.h for everybody, and the same for an address written as text.
 */
#ifndef FLOW_OUTBOUND_ADDRESS_H
#define FLOW_OUTBOUND_ADDRESS_H

/* outbound_text_refused: why this address ("10.0.0.1", "fd00::1") may not be called, or
 * NULL. What cannot be read is refused. */
const char *outbound_text_refused(const char *address);

#endif
