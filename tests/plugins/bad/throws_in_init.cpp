#include <stdexcept>
#define OPI_HOST_BUILD  // lets init() throw
#include <opi/abi.h>
static opi_status throw_it(const opi_host*, void**, opi_error*) { throw std::runtime_error("out of luck"); }
#define INIT throw_it
extern "C" {
#include "base.h"
}
