#define TABLE_MIN_HOST_MINOR 1
#include "base.h"
