#include "node/secret_refresh.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "domain/ids.hpp"

namespace opi::node {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::uintmax_t max_bytes = 64 * 1024;

constexpr std::string_view requests = "secrets-refresh-", answers = "secrets-refreshed-", suffix = ".json";

// Both sides make the id, or have taken it from a file's name: it never is a path.
fs::path file_of(const fs::path& state, std::string_view kind, const std::string& id) {
  if (!Uuid::parse(id)) throw std::runtime_error("a refresh has an id that is none");
  return state / (std::string(kind) + id + std::string(suffix));
}

struct Waiting {
  fs::path file;
  fs::file_time_type since;
};

// The requests that wait, oldest first; removes what has outlived whoever waited for it.
std::vector<Waiting> waiting(const fs::path& state) {
  std::vector<Waiting> found;
  const auto now = fs::file_time_type::clock::now();
  std::error_code fault;
  for (auto at = fs::directory_iterator(state, fault); !fault && at != fs::directory_iterator(); at.increment(fault)) {
    const auto name = at->path().filename().string();
    const bool is_request = name.starts_with(requests);
    if (!is_request && !name.starts_with(answers)) continue;
    std::error_code gone;  // between the listing and here
    const auto since = at->last_write_time(gone);
    if (gone) continue;
    if (now - since > refresh_file_lifetime)
      fs::remove(at->path(), gone);
    else if (is_request && name.ends_with(suffix))
      found.push_back({at->path(), since});
  }
  if (fault) throw std::runtime_error("cannot read " + state.string() + ": " + fault.message());
  std::ranges::sort(found, {}, &Waiting::since);
  return found;
}

// Root may write for the daemon, and the daemon for root; the folder is closed to everybody else. Whatever stands in
// the new file's place, a link the daemon's user put there for root to follow, say, it is not written through.
void write(const fs::path& file, const json::object& document) {
  const std::string part = file.string() + ".part", text = json::serialize(document) + "\n";
  const int made = ::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (made < 0) throw std::runtime_error("cannot make " + part + ": " + std::strerror(errno));
  const bool written = ::write(made, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       ::fchmod(made, S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH) == 0;
  ::close(made);
  if (!written) fs::remove(part);
  if (!written) throw std::runtime_error("cannot write " + part);
  fs::rename(part, file);
}

// Nullopt if it is not there. Throws std::runtime_error if it is no document of ours.
std::optional<json::object> read(const fs::path& file) {
  std::error_code fault;
  const auto size = fs::file_size(file, fault);
  if (fault == std::errc::no_such_file_or_directory) return std::nullopt;
  std::ifstream stream(file);
  json::error_code malformed;
  auto document = size > max_bytes ? json::value()
                                   : json::parse(std::string{std::istreambuf_iterator<char>(stream), {}}, malformed);
  if (!stream || malformed || !document.is_object())
    throw std::runtime_error(file.string() + " is no document that can be read");
  return std::move(document.get_object());
}

std::string text(const json::object& document, json::string_view name) {
  const auto* value = document.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string{};
}

int number(const json::object& document, json::string_view name) {
  const auto* value = document.if_contains(name);
  return value != nullptr && value->is_int64() ? static_cast<int>(value->get_int64()) : 0;
}

}  // namespace

void write_refresh_request(const fs::path& state_directory, const RefreshRequest& request) {
  if (waiting(state_directory).size() >= max_refresh_requests)
    throw std::runtime_error("too many requests to fetch secrets anew wait in " + state_directory.string());
  write(file_of(state_directory, requests, request.id),
        {{"id", request.id},
         {"by", request.by},
         {"reference", request.scope.reference},
         {"destination", request.scope.destination ? request.scope.destination->to_string() : std::string{}}});
}

std::optional<RefreshRequest> take_refresh_request(const fs::path& state_directory) {
  const auto all = waiting(state_directory);
  if (all.empty()) return std::nullopt;
  const auto& file = all.front().file;
  std::optional<json::object> document;
  try {
    document = read(file);
  } catch (const std::runtime_error&) {
    fs::remove(file);
    throw;
  }
  if (!document) return std::nullopt;
  fs::remove(file);
  RefreshRequest request{text(*document, "id"), text(*document, "by"), {{}, text(*document, "reference")}};
  if (!Uuid::parse(request.id)) throw std::runtime_error(file.string() + " has no id");
  const auto destination = text(*document, "destination");
  if (!destination.empty()) {
    request.scope.destination = DestinationId::parse(destination);
    if (!request.scope.destination) throw std::runtime_error(file.string() + " names no destination");
  }
  return request;
}

json::object document_of(const secrets::SecretBroker::Refreshed& refreshed) {
  return {{"destinations", refreshed.destinations},
          {"changed", refreshed.changed},
          {"added", refreshed.added},
          {"unresolved", refreshed.unresolved},
          {"unanswered", refreshed.unanswered}};
}

void write_refresh_answer(const fs::path& state_directory, const std::string& id,
                          const secrets::SecretBroker::Refreshed& refreshed) {
  write(file_of(state_directory, answers, id), document_of(refreshed));
}

std::optional<secrets::SecretBroker::Refreshed> take_refresh_answer(const fs::path& state_directory,
                                                                    const std::string& id) {
  const auto file = file_of(state_directory, answers, id);
  const auto document = read(file);
  if (!document) return std::nullopt;
  fs::remove(file);
  return secrets::SecretBroker::Refreshed{number(*document, "destinations"), number(*document, "changed"),
                                          number(*document, "added"), number(*document, "unresolved"),
                                          number(*document, "unanswered")};
}

}  // namespace opi::node
