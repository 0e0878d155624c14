#pragma once
#include <boost/json/array.hpp>
#include <vector>

#include "ctl/services.hpp"

namespace opi::ctl {

// A destination that is sent to now, and would not be with the plugins as they are in the plugin directory.
struct WouldBeHeld {
  std::shared_ptr<const Destination> destination;
  Hold hold;
};

// Asks each plugin, as the daemon would have it, about each enabled destination; those that are held for
// their adapter's sake already are left out. `running` are the plugins that serve now (PluginReport): one whose file
// would be refused goes on. Throws Failure if the store cannot be used.
std::vector<WouldBeHeld> would_be_held(Services& services, const boost::json::array& running);

}  // namespace opi::ctl
