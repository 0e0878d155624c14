#define ADAPTER_SIZE 16
#include "base.h"
