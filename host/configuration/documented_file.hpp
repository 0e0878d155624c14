#pragma once
#include <string>

namespace opi::configuration {

// A configuration file with every key at its default, described: etc/integrationsd.conf is this text.
std::string documented_file();

}  // namespace opi::configuration
