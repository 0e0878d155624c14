#pragma once
#include <boost/json/object.hpp>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>

#include "secrets/secret_broker.hpp"

// How `integrationsctl secrets refresh` and the daemon of this node talk: by two files a call in the state directory,
// which is open to the daemon's user and root alone. The daemon looks for requests several times a second.
namespace opi::node {

struct RefreshRequest {
  std::string id;  // the answer has the same
  std::string by;  // as the audit trail names him
  secrets::SecretBroker::Scope scope;
};

inline constexpr std::size_t max_refresh_requests = 64;           // that wait for the daemon at a time
inline constexpr std::chrono::minutes refresh_file_lifetime{10};  // of one that nobody has taken

// Throws std::runtime_error if it cannot be written, or if too many wait.
void write_refresh_request(const std::filesystem::path& state_directory, const RefreshRequest& request);
// Takes one away, the oldest there is; nullopt if there is none. Throws std::runtime_error if it makes no sense.
// Removes what whoever asked or answered has left behind.
std::optional<RefreshRequest> take_refresh_request(const std::filesystem::path& state_directory);

// The counts by their names, as the answer, the audit trail and people have them.
boost::json::object document_of(const secrets::SecretBroker::Refreshed& refreshed);

void write_refresh_answer(const std::filesystem::path& state_directory, const std::string& id,
                          const secrets::SecretBroker::Refreshed& refreshed);
// Takes the answer to this request away; nullopt if it is not there yet.
std::optional<secrets::SecretBroker::Refreshed> take_refresh_answer(const std::filesystem::path& state_directory,
                                                                    const std::string& id);

}  // namespace opi::node
