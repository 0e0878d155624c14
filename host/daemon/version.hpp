#pragma once
#include "node/version.hpp"

namespace opi::daemon {
using node::version;
}
