/* A mail as a JSON document: what mail-show prints and tests compare. */
#ifndef PORTER_MAIL_JSON_H
#define PORTER_MAIL_JSON_H

#include <jansson.h>

#include <porter/slice.h>

/* The document of the message in octets, as mail-show(1) describes it; null with errno ENOMEM. The caller owns it. */
extern json_t *mail_json (slice octets);

#endif
