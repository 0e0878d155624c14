#define RENDER NULL
#include "base.h"
