#define TABLE_MAJOR 2
#include "base.h"
