#define OWN_ENTRY
#include <string.h>

#include "base.h"
const opi_plugin* opi_plugin_entry_v1(const opi_offer* offer, opi_error* error) OPI_NX {
  (void)offer, (void)table;
  strcpy(error->text, "not on a Monday");
  return NULL;
}
