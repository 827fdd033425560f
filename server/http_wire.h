/* SPDX-License-Identifier: MIT */
/*
 * http_wire: private to http.c. What CivetWeb cannot be told by an option is told to it where
 * it meets the C library: three functions it calls are defined here, in our executable, and
 * so stand before libc's. Threads that are not CivetWeb's pass through unchanged.
 *
 *   poll                       a deadline over a whole body or answer (CivetWeb starts its
 *                              clock anew at each byte), and an end to waiting at a stop
 *   recv                       whether the peer ended the stream, which CivetWeb's mg_read
 *                              does not tell from a pause; where the head's buffer begins
 *   pthread_attr_setstacksize  stacks of HTTP_STACK_BYTES instead of 100 KiB
 */
#ifndef SERVER_HTTP_WIRE_H
#define SERVER_HTTP_WIRE_H

#include "common/base.h"

struct http_wire {              /* of one thread */
	bool ours;              /* a CivetWeb thread: the rest counts */
	int fd;                 /* of its connection; -1 before the first byte */
	const char *head;       /* where CivetWeb reads request heads to; NULL unknown */
	int64_t read_until_mono_ms, write_until_mono_ms; /* 0: none */
	bool timed_out, ended;  /* how the reading stopped: in silence, or by the peer's end */
	bool filled;            /* the last read left no room in the buffer it was for */
};

extern _Thread_local struct http_wire http_wire;

/* http_wire_body starts (0: ends) the deadline of a body. While it stands, a poll does not
 * return before there is something to read, and fails when the deadline has passed. */
void http_wire_body(int64_t until_mono_ms);

/* http_wire_answer does the same for writing; when it passes the connection is cut. */
void http_wire_answer(int64_t until_mono_ms);

/* http_wire_linger tells the peer that nothing more comes and drops what it still sends, for
 * a short time and a bounded number of bytes, so that it can read the answer before the
 * connection is gone. */
void http_wire_linger(void);

/* http_wire_stack_bytes: the stack of the calling thread. */
size_t http_wire_stack_bytes(void);

/* http_wire_stop makes every wait of a CivetWeb thread end, now and from now on. */
void http_wire_stop(void);

#endif
