#define ENTRY_NAME some_other_entry
#include "base.h"
