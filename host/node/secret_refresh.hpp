#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "secrets/secret_broker.hpp"

// How `integrationsctl secrets refresh` and the daemon of this node talk: by two files in the state directory, which is
// open to the daemon's user and root alone. The daemon looks for a request several times a second.
namespace opi::node {

struct RefreshRequest {
  std::string id;  // the answer has the same
  std::string by;  // as the audit trail names him
  secrets::SecretBroker::Scope scope;
};

// Replaces a request that nobody has taken. Throws std::runtime_error if it cannot be written.
void write_refresh_request(const std::filesystem::path& state_directory, const RefreshRequest& request);
// Takes the request away; nullopt if there is none. Throws std::runtime_error if it makes no sense.
std::optional<RefreshRequest> take_refresh_request(const std::filesystem::path& state_directory);

void write_refresh_answer(const std::filesystem::path& state_directory, const std::string& id,
                          const secrets::SecretBroker::Refreshed& refreshed);
// Takes the answer to this request away; nullopt if it is not there yet.
std::optional<secrets::SecretBroker::Refreshed> take_refresh_answer(const std::filesystem::path& state_directory,
                                                                    const std::string& id);

}  // namespace opi::node
