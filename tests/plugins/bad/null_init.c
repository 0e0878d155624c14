#define INIT NULL
#include "base.h"
