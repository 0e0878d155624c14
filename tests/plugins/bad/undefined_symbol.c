#include "base.h"
int nowhere_to_be_found(void);
__attribute__((constructor)) static void use_it(void) { nowhere_to_be_found(); }
