/* SPDX-License-Identifier: MIT */
/*
 * step: what a step type is. A type is one file in flow/steps/ that ends in one const
 * struct step_type, one line in the table of flow/steps.c, and one case in tests/flows/.
 * Checker, schema, console form and manual all read the declared parameters.
 */
#ifndef FLOW_STEP_H
#define FLOW_STEP_H

#include "common/base.h"
#include "common/err.h"
#include "flow/param.h"
#include "flow/run.h"
#include "flow/value.h"

struct step;  /* flow/document.h */
struct walk;  /* flow/walk.h: a run in progress */

/* What a step tells the engine. */
enum step_result {
	STEP_NEXT,   /* go on with the next step */
	STEP_STOP,   /* the run ends here, succeeded */
	STEP_FAILED, /* err says why */
	STEP_ENDED,  /* the run ends here, failed as err says; the step has no say in it */
	STEP_LEAVE,  /* this round of a for_each ends here; outside of one as STEP_STOP */
	STEP_FAULT,  /* err is recorded as the step's, and the run goes on */
	STEP_WAIT,   /* the run waits until the time given to walk_wait, then comes here again */
};

/* Where a run can go after a step of this type: what the checker of branches must know. */
enum step_way {
	WAY_ON,      /* to the next step */
	WAY_MAY_END, /* to the next step, or the run ends (filter) */
	WAY_ENDS,    /* the run ends (stop) */
	WAY_FORKS,   /* into some of the lists of steps of its parameter "paths" (switch) */
	WAY_LOOPS,   /* through its parameter "steps", never, once or often (for_each) */
};

struct step_type {
	const char *name;           /* as written in a flow: "http_request" */
	const char *text;           /* one sentence, for the console and the manual */
	const struct param *params; /* ended by a NULL name; checked before a flow is saved */
	bool effects;               /* acts on the world outside: may not be repeated unseen */
	bool replies;               /* decides the reply */
	bool anew;                  /* done again when a run is resumed: it steers the run */
	bool waits;                 /* may give STEP_WAIT of its own */
	enum step_way way;
	/* What params cannot say; adds faults. May be NULL. */
	void (*check)(const struct step *s, struct faults *faults);
	/* The same, for what needs the flow. May be NULL. */
	void (*check_in)(const struct step *s, const struct flow *f, struct faults *faults);
	/* Does it. output: JSON text, what .steps.<name> becomes (left empty: null). A step
	 * that fails may leave an object there: it is kept beside the error. */
	enum step_result (*run)(struct walk *w, const struct step *s, struct buf *output,
				struct err *err);
	/* For a type that is done anew: the run waited after this step and goes on. What had
	 * been decided stands: only its consequences are drawn again from its output. NULL: it
	 * has none. */
	enum step_result (*again)(struct walk *w, const struct step *s, struct slice output,
				  struct err *err);
};

/* step_type_find by name, or NULL; steps_table is the whole list, ended by NULL. */
const struct step_type *step_type_find(const char *name);
extern const struct step_type *const steps_table[];


#endif
