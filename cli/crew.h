/* SPDX-License-Identifier: MIT */
/*
 * crew: the processes of a server, each in its place: who lives, who pauses before it is
 * started again, whose claims are being freed; and how many workers there are. It knows no
 * signals and no order of ending: that is the supervisor's.
 */
#ifndef CLI_CREW_H
#define CLI_CREW_H

#include "cli/roles.h"

enum place_state {
	PLACE_EMPTY,
	PLACE_LIVES,
	PLACE_PAUSES, /* before it is started, or its claims are freed, again */
	PLACE_FREES,  /* a child frees the claims of the worker that died here */
};

/* One process, or the room for one. */
struct place {
	enum role role;
	enum place_state state;
	pid_t pid;             /* of the role, or of the child that frees its claims */
	int64_t since_mono_ms; /* started */
	int64_t until_mono_ms; /* it pauses */
	int failures;          /* deaths in a row, each soon after its start */
	int slot;              /* of a worker, on the board */
	struct free_order order; /* owner 0: nothing to free */
};

struct crew {
	const struct conf *conf;
	struct board *board;
	struct place front, janitor;
	struct place workers[BOARD_SLOTS];
	int64_t next_owner;
	bool draining;         /* who ends now is not started again */
	bool disk_error;       /* someone ended with EXIT_DISK */
	bool cannot_listen;    /* the front failed before it was ever ready: no use trying again */
	bool listened;         /* it was ready once */
};

/* crew_init makes the places; crew_start fills front, janitor and the least workers. */
void crew_init(struct crew *crew, const struct conf *conf, struct board *board);
void crew_start(struct crew *crew);

/* crew_reap takes notice of every death. */
void crew_reap(struct crew *crew);

/* crew_tend starts who has paused long enough, ends runs that take too long, grows and shrinks
 * the pool. Returns whether a run is going on, so that it should be called again soon. */
bool crew_tend(struct crew *crew, int64_t now_mono_ms);

/* crew_signal sends it to every role that lives; crew_count says how many children there are. */
void crew_signal(struct crew *crew, int sig);
int crew_count(const struct crew *crew);

#endif
