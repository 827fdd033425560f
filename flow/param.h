/* SPDX-License-Identifier: MIT */
/*
 * param: a parameter, declared once. Checker, schema, console form and manual all read the
 * same declaration, so none of them can say something else.
 *
 * A declaration is a const array of struct param ended by a NULL name. param_read checks an
 * object of the document against it, notes each fault with its JSON pointer, and gives the
 * arguments: the parameters as this document sets them. The arguments borrow from the
 * document's tree, which must outlive them.
 */
#ifndef FLOW_PARAM_H
#define FLOW_PARAM_H

#include "common/base.h"
#include "common/json.h"
#include "flow/fault.h"
#include "flow/value.h"

enum param_type {
	PARAM_TEXT,       /* a string, taken as it stands; min..max bytes */
	PARAM_TEXTS,      /* one string or a list of them */
	PARAM_WORDS,      /* a list of words out of choices, none twice */
	PARAM_CHOICE,     /* one word out of choices */
	PARAM_BOOL,
	PARAM_INT,        /* min..max; or one of choices, written as numbers */
	PARAM_MS,         /* an integer of milliseconds, min..max */
	PARAM_NUMBER,     /* min..max */
	PARAM_ANY,        /* any JSON, taken as it stands */
	PARAM_MAP,        /* an object of any JSON, taken as it stands */
	PARAM_VALUE,      /* any JSON with holes */
	PARAM_TEXT_VALUE, /* a string with holes, evaluated as text */
	PARAM_MAP_VALUE,  /* an object with holes */
	PARAM_HEADERS,    /* {"Name": value or [values]} or [["Name", value], ...], with holes */
	PARAM_STATUSES,   /* a list of HTTP statuses: 404, or "200-299" */
	PARAM_STEPS,      /* a list of steps; or a word out of choices where there are some */
	PARAM_OBJECT,     /* an object of members */
	PARAM_LIST,       /* a list of objects of members */
	PARAM_NAMED,      /* an object whose members, of any name, are objects of members */
	PARAM_KIND,       /* an object whose "type" picks one of kinds */
	PARAM_LATER,      /* a known word that this version refuses; text says what to do */
};

enum param_flags {
	PARAM_REQUIRED = 1,
	PARAM_SECRETS = 2, /* leaves for another system: $secrets.<name> may be used */
	PARAM_PLAIN = 4,   /* plain paths only: the front evaluates it */
	PARAM_OR_TRUE = 8, /* an object, or just true: all defaults; false: as if absent */
	PARAM_ITEM = 16,   /* evaluated for one item after the other: sees .item and .index */
	PARAM_AFTER = 32,  /* evaluated after the steps within: sees their outputs */
};

struct param_kind;

struct param {
	const char *name;
	enum param_type type;
	unsigned flags;
	const char *text;              /* one sentence, for the console and the manual */
	const char *fallback;          /* the default: the word, the number; NULL: none */
	int64_t min, max;              /* max 0: no limit */
	const char *const *choices;    /* ended by NULL */
	const struct param *members;   /* of an object, or of each object of a list */
	const struct param_kind *kinds;
	const char *pattern;           /* of a text, for the schema */
	/* Why this text (or header name) may not stand here, or NULL. May itself be NULL. */
	const char *(*refuse)(const char *text);
};

struct param_kind {
	const char *name;
	const char *text;
	const struct param *params;
	const char *later;             /* why it is refused in this version, or NULL */
};

struct step_list;
struct args;

struct arg_header {
	const char *name;
	struct value *value;
};

/* One argument. Absent ones have node NULL; then the fallback stands. */
struct arg {
	const struct param *param;
	const cJSON *node;
	char *pointer;                 /* of those with holes, for later faults */
	struct value *value;
	struct arg_header *headers;
	size_t n_headers;
	struct step_list *steps;
	struct args *items;            /* object and kind: one; list and named: one each, in order */
	size_t n_items;
	const struct param_kind *kind;
};

struct args {
	struct arg *list;              /* one for each declared parameter, in that order */
	size_t count;
};

/* What reading a document needs to know throughout. */
struct reader {
	struct faults *faults;
	struct program *program;
	struct step **steps;           /* every step in document order; see document.h */
	size_t n_steps;
	unsigned depth;                /* of steps within steps */
};

/* param_read checks the members named in params; param_unknown complains of those named in
 * neither table (b may be NULL). */
void param_read(struct reader *r, const struct where *at, const cJSON *object,
		const struct param *params, struct args *out);
void param_unknown(struct reader *r, const struct where *at, const cJSON *object,
		   const struct param *a, const struct param *b);
void args_release(struct args *a);

/* arg_find is never NULL: the name must be declared. */
const struct arg *arg_find(const struct args *a, const char *name);

/* The argument or its fallback. */
bool arg_given(const struct args *a, const char *name);
const char *arg_text(const struct args *a, const char *name); /* NULL when there is none */
int64_t arg_int(const struct args *a, const char *name);
double arg_number(const struct args *a, const char *name);
bool arg_bool(const struct args *a, const char *name);
/* arg_object: the arguments of an object; NULL when absent (or false). */
const struct args *arg_object(const struct args *a, const char *name);

/* arg_each calls back for every value with holes beneath these arguments, with its pointer,
 * but not for those of steps within. */
void arg_each(const struct args *a,
	      void (*each)(void *arg, const struct arg *a, const struct value *v), void *arg);

/* param_type_text is how a fault calls what it wanted: "a list of steps". */
const char *param_type_text(enum param_type type);

#endif
