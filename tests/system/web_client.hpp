#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace opi::system_test {

struct WebRequest {
  std::string method, target;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

struct WebAnswer {
  int status = 0;
  std::string head, body;  // the head's fields, one a line

  [[nodiscard]] std::string field(const std::string& name) const;  // the field of the head; empty if there is none
};

// One request on a connection of its own to a port of 127.0.0.1, sent byte by byte as it is given: targets that are
// none as well. Throws std::runtime_error if there is no answer.
WebAnswer ask(std::uint16_t port, const WebRequest& request);

}  // namespace opi::system_test
