#include "system/web_client.hpp"

#include <algorithm>

#include "unit/api/raw_client.hpp"

namespace opi::system_test {

std::string WebAnswer::field(const std::string& name) const {
  const auto at = head.find("\r\n" + name + ": ");
  if (at == std::string::npos) return {};
  const auto start = at + name.size() + 4;
  return head.substr(start, head.find("\r\n", start) - start);
}

WebAnswer ask(std::uint16_t port, const WebRequest& request) {
  std::string text = request.method + " " + request.target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
  for (const auto& [name, value] : request.headers) text += name + ": " + value + "\r\n";
  if (!request.body.empty()) text += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  test::RawClient client(port);
  client.send(text + "\r\n" + request.body);
  const std::string whole = client.rest();
  const auto end = whole.find("\r\n\r\n");
  if (end == std::string::npos || whole.size() < 12) throw std::runtime_error("no answer to " + request.target);
  return {std::stoi(whole.substr(9, 3)), whole.substr(0, end + 2), whole.substr(end + 4)};
}

}  // namespace opi::system_test
