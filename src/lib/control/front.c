#include "control_internal.h"
void front_step (control *c){(void)c;}
int front_over (control const *c){(void)c;return 1;}
int front_wants_client (control const *c){(void)c;return 1;}
int front_wants_tor (control const *c){(void)c;return 1;}
int front_between (control const *c){(void)c;return 1;}
void front_read_tor (control *c){(void)c;}
