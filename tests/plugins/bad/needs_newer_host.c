#define TABLE_MIN_HOST_MINOR 9
#include "base.h"
