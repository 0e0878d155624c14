#define NO_COMPONENT_TABLE
#include "base.h"
