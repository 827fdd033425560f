/* SPDX-License-Identifier: MIT */
/*
 * What the preloaded shim and the tests share: one file, mapped by every process of the server.
 * Its first page is orders and counters, the rest is the record. tests/torture/page.mjs writes
 * the orders and reads the record with plain reads and writes of the same file.
 *
 * An entry of the record is a struct entry and then `bytes` bytes, filled up to a multiple of
 * eight. Places are given out in order; what a process was recording when it was killed stays
 * not ready, and the record ends there.
 *
 *   kind                  of file                     offset, bytes
 *   SHIM_WRITE            database or log             what was written, after it was written
 *   SHIM_TRUNCATE         database or log             offset: its new size
 *   SHIM_SYNC_BEGIN, _END database or log             offset of _END: the place of its _BEGIN
 *   SHIM_UNLINK           log                         it is gone
 *   SHIM_ANSWER           0                           the head of an answer 2xx, before it is sent
 */
#ifndef TORTURE_SHIM_H
#define TORTURE_SHIM_H

#include <stdatomic.h>
#include <stdint.h>

enum shim_kind { SHIM_WRITE = 1, SHIM_TRUNCATE, SHIM_SYNC_BEGIN, SHIM_SYNC_END, SHIM_UNLINK, SHIM_ANSWER };
enum shim_file { SHIM_DATABASE = 1, SHIM_LOG };

struct entry {
	uint32_t kind;
	uint32_t file;
	uint64_t offset;
	uint32_t bytes;
	_Atomic uint32_t ready;
};

/* Orders count down as they are obeyed; UINT32_MAX stays. All in this order in the file. */
struct page {
	_Atomic uint64_t used;         /*  0 bytes of the record given out */
	_Atomic uint32_t recording;    /*  8 1: record */
	_Atomic uint32_t sync_eio;     /* 12 how many syncs fail with EIO */
	_Atomic uint32_t sync_slow_ms; /* 16 how long each sync takes longer */
	_Atomic uint32_t write_short;  /* 20 how many writes write only half */
	_Atomic uint32_t write_eio;    /* 24 how many writes fail with EIO */
	_Atomic uint32_t write_enospc; /* 28 how many writes fail with ENOSPC */
	_Atomic uint32_t done_sync_eio;     /* 32 how often each was obeyed */
	_Atomic uint32_t done_sync_slow;    /* 36 */
	_Atomic uint32_t done_write_short;  /* 40 */
	_Atomic uint32_t done_write_eio;    /* 44 */
	_Atomic uint32_t done_write_enospc; /* 48 */
	_Atomic uint32_t clock_ahead_s;     /* 52 how far the wall clock is ahead */
	_Atomic uint32_t unlocked;          /* 56 writes by a process that did not hold the write lock */
};

#define SHIM_RECORD_AT 4096

#endif
