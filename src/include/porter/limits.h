/* What may be asked and answered at most: of mail, all of it is here, each with its reason. (Of the control port: control_words.h, control_message.h.) */
#ifndef PORTER_LIMITS_H
#define PORTER_LIMITS_H

/* --- messages --- */

/* A request: thousands of mids fit, and a client that is let in costs no more memory than that. */
#define REQUEST_MAX 1048576u
/* What Append and Upload take besides, and a mail that is made of pieces: twice what the servers of others take from them. */
#define OCTETS_MAX 67108864u
/* A request with those and all else, and room: what frame-read takes. */
#define FRAME_MESSAGE_MAX (65u << 20)
/* What of it is kept in memory where there is a directory for more: 200 connections then have at most as many MiB. */
#define FRAME_MEMORY_MAX 1048576u
/* Pieces of one mail, and what may lie uploaded: a mail's attachments, for a day. */
#define PIECES_MAX 1000
#define UPLOADS_MAX 128
#define UPLOADS_OCTETS_MAX (256u << 20)
#define UPLOAD_SECONDS 86400
#define UPLOAD_SURE_SECONDS 3600
/* A response, and any message: what protobuf's own decoders take (their lengths are signed and of 32 bits). */
#define RESPONSE_MAX 2147483647u
/* JSON that is made a message, and is held four times on the way: a request's octets, each of them six when it is escaped, or 12 MB of
 * a mail in base64; more goes by Upload, in pieces. */
#define JSON_MAX 16777216u
/* Values in it, so that what JSON takes in memory (up to 250 octets each) is bounded too: ten thousand mids, a thousand heads. */
#define JSON_VALUES_MAX 100000
/* A response that JSON is made of: base64 makes 60 MB of that, which a client holds beside it. */
#define JSON_RESPONSE_MAX 45000000u
/* protobuf-c takes 48 octets and more for each field that it unpacks, and recurses at each level: what a request may have of both. */
#define WIRE_FIELDS_MAX 10000
#define WIRE_LEVELS_MAX 16
/* What is turned into JSON or out of it was not always checked so: as deep as Google's decoders go. */
#define MESSAGE_LEVELS_MAX 100
/* Fields of one type: room on the stack at each level. */
#define MESSAGE_FIELDS_MAX 32

/* --- varlink --- */

/* A call, without its NUL: what a request may have. */
#define VARLINK_MESSAGE_MAX 1048576u
/* Its parameters, written anew: a number may get longer, but not all of the text is numbers. */
#define VARLINK_PARAMETERS_MAX (2 * VARLINK_MESSAGE_MAX)
/* Names and values: 250 octets of memory for each, in a process that stays as long as the connection. */
#define VARLINK_VALUES_MAX 10000
/* Objects and arrays in each other: jansson recurses. The interface needs four. */
#define VARLINK_LEVELS_MAX 16

/* --- a call --- */

/* What one call may take (confinement sets these as limits of the process). Seconds of a processor: a search through some hundred gigabytes. */
#define CALL_PROCESSOR_MAX 300u
/* Octets of memory of its own: a million mails that are listed take 200 MiB. Mails that are mapped do not count. */
#define CALL_DATA_MAX (1u << 30)
/* Open files: three for each folder of a call that looks into all of them. */
#define CALL_DESCRIPTORS_MAX 4096u

/* --- lists --- */

/* Heads in one answer of List and ListSearch: some 600 octets each, so a page is never larger than a mail. */
#define LISTING_MAX 1000
/* Mails of one Fetch, and fields that it asks for of each: a page of a web mail, ten times over. */
#define FETCH_MAX 500
#define FETCH_FIELDS_MAX 100
/* An answer of Fetch stops growing here, as clients hold it whole; the texts of one mail stop at half of it, so that it always fits. */
#define FETCH_OCTETS_MAX (64u << 20)
#define FETCH_TEXTS_MAX (32u << 20)
/* Mids of one Find: what a client holds that keeps a list of its own. */
#define FIND_MIDS_MAX 100000
/* Filters of one Find, in one another, and a phrase in one: what people combine, and what programs make of it. */
#define FILTERS_MAX 200
#define FILTERS_DEPTH_MAX 10
#define PHRASE_MAX 1024
/* Mails of a conversation that are named, and people who wrote in it: more is a mailing list's affair. */
#define THREAD_MAILS_MAX 1000
#define THREAD_PEOPLE_MAX 20
/* Heads where ListSearch names no limit: a screen. */
#define LISTING_DEFAULT 50

/* --- frames --- */

/* A method's name; nobody needs a long one, and it goes into argv. */
#define FRAME_METHOD_MAX 64
/* What must come or go within the patience. A pipe holds it, and 60 s for it are slower than any line that works. */
#define FRAME_PIECE 65536u
#define FRAME_PATIENCE 60u
/* A response that is sent: a mail of 64 MiB and what stands around it. Larger parts are asked for piece by piece (Raw). */
#define FRAME_RESPONSE_MAX 68157440u
/* Octets a second that a response must keep up, counted over the whole of it: 15 slow readers are no burden for weeks, and a line that is
 * slower serves nobody. */
#define FRAME_RATE 4096u
/* What is dropped from a client that still sends when the stream has ended: long enough for the response to reach him. */
#define FRAME_DRAIN_MS 2000
#define FRAME_DRAIN_MAX (64u << 20)
/* The checkpassword interface's own (cr.yp.to/checkpwd/interface.html). */
#define CREDENTIALS_MAX 512

#endif
