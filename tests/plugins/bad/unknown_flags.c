#define TABLE_FLAGS 0x00010000u
#include "base.h"
