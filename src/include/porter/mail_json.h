/* A mail as a JSON document: what mail-show prints and tests compare. */
#ifndef PORTER_MAIL_JSON_H
#define PORTER_MAIL_JSON_H

#include <porter/json_output.h>
#include <porter/text.h>

/* Writes the members of the document of the message in octets, as mail-show(1) describes it, each with a comma in front.
 * 0 with errno ENOMEM; what was written then is cut short. Whether the sink stopped is for json_put_end to tell. */
extern int mail_json(json_output *out, slice octets, charset const *fallback);

#endif
