#pragma once
#include <boost/json.hpp>
#include <opi/plugin.hpp>
#include <string_view>

#include "opi/kit/url.hpp"

namespace opi::kit {

// The requests of a JSON API; `path` is below the destination's endpoint.
inline void get_json(sdk::RequestBuilder& request, const sdk::Delivery& delivery, std::string_view path) {
  request.method("GET").url(url_below(delivery.endpoint_url(), path)).header("Accept", "application/json");
}
inline void send_json(sdk::RequestBuilder& request, const sdk::Delivery& delivery, std::string_view method,
                      std::string_view path, const boost::json::value& body) {
  request.method(method).url(url_below(delivery.endpoint_url(), path));
  request.header("Accept", "application/json").header("Content-Type", "application/json");
  request.body(boost::json::serialize(body));
}

}  // namespace opi::kit
