#pragma once
#include "domain/timestamp.hpp"

namespace opi::api {
using opi::to_rfc3339;
}
