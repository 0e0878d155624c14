#include "base.h"
__attribute__((constructor)) static void crash(void) { __builtin_trap(); }
