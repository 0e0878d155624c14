#define TABLE_SIZE 16
#include "base.h"
