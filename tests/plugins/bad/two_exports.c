#include "base.h"
OPI_EXPORT int another_export(void);
int another_export(void) { return 1; }
