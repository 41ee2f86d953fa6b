/* The tables of all charsets: some 400 KB, of which the kernel reads what is used. */
#include "charset.h"
#include "charset_tables.h"
