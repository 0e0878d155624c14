#include "base.h"
__attribute__((destructor)) static void crash(void) { __builtin_trap(); }
