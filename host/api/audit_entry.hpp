#pragma once
#include <boost/json/object.hpp>
#include <string>

#include "api/http_message.hpp"
#include "audit/audit_record.hpp"

namespace opi::api {

// What `request`'s sender did to `target` ("<kind>:<id>") of the request's tenant, or of the installation if there is
// none. `details` hold no secrets.
audit::Entry audit_entry(const Request& request, UnixTime at, audit::Action action, std::string target,
                         const boost::json::object& details = {});

}  // namespace opi::api
