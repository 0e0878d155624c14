#pragma once
#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "receiver/part.hpp"

namespace opi::receiver {

struct AuthorizationOptions {
  std::vector<std::string> known;        // whole values of Authorization that are admitted, such as "Basic …"
  std::string client_id, client_secret;  // to whom tokens are issued
  std::chrono::seconds token_lifetime{600};
  int token_uses = 0;  // after so many a token is refused; 0: never
};

// Issues access tokens by client credentials and says who is admitted. For one thread.
class AuthorizationServer {
 public:
  AuthorizationServer() = default;
  explicit AuthorizationServer(AuthorizationOptions options) : options_(std::move(options)) {}

  // The answer to a token request: the client authenticates itself by Basic or in the body.
  Answer issue(const std::string& authorization, const std::string& body);
  // Counts as a use, if it is a token's.
  bool admits(const std::string& authorization);

 private:
  AuthorizationOptions options_;
  std::map<std::string, int> uses_;  // by token
};

}  // namespace opi::receiver
