/* SPDX-License-Identifier: MIT */
/*
 * scalar: the checks of arguments without members, one for each such type of flow/param.h,
 * which alone calls them. They note faults and keep nothing.
 */
#ifndef FLOW_SCALAR_H
#define FLOW_SCALAR_H

#include "flow/param.h"

/* scalar_type is what a node is, in a fault's words: "a list". */
const char *scalar_type(const cJSON *node);

/* scalar_wrong notes that the node is not of the declared type. */
void scalar_wrong(struct reader *r, const struct where *at, const struct param *p,
		  const cJSON *node);

/* scalar_choice: is the word one of the choices? If not, the fault is noted. */
bool scalar_choice(struct reader *r, const struct where *at, const struct param *p,
		   const char *word);

void scalar_text(struct reader *r, const struct where *at, const struct param *p,
		 const cJSON *node);
void scalar_texts(struct reader *r, const struct where *at, const struct param *p,
		  const cJSON *node);
void scalar_word(struct reader *r, const struct where *at, const struct param *p,
		 const cJSON *node);
void scalar_words(struct reader *r, const struct where *at, const struct param *p,
		  const cJSON *node);
void scalar_number(struct reader *r, const struct where *at, const struct param *p,
		   const cJSON *node);
void scalar_statuses(struct reader *r, const struct where *at, const struct param *p,
		     const cJSON *node);

/* scalar_has_status: a list that scalar_statuses has passed names this status. */
bool scalar_has_status(const cJSON *list, int status);

#endif
