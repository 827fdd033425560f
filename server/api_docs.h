/* SPDX-License-Identifier: MIT */
/* api_docs: the manual of the API, drawn from the table of routes. */
#ifndef SERVER_API_DOCS_H
#define SERVER_API_DOCS_H

#include "common/buf.h"
#include "common/json.h"

/* api_openapi: an OpenAPI 3.1 document; the caller's. */
cJSON *api_openapi(void);
/* api_markdown adds the tables of docs/api.md. */
void api_markdown(struct buf *out);

#endif
