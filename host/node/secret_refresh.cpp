#include "node/secret_refresh.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "domain/ids.hpp"

namespace opi::node {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::uintmax_t max_bytes = 64 * 1024;

fs::path request_file(const fs::path& state) { return state / "secrets-refresh.json"; }
fs::path answer_file(const fs::path& state) { return state / "secrets-refreshed.json"; }

void write(const fs::path& file, const json::object& document) {
  const fs::path part = file.string() + ".part";
  {
    std::ofstream stream(part, std::ios::trunc);
    stream << json::serialize(document) << "\n";
    if (!stream.flush()) throw std::runtime_error("cannot write " + part.string());
  }
  // Root may write for the daemon, and the daemon for root: the folder is closed to everybody else.
  fs::permissions(part,
                  fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read | fs::perms::others_read);
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
  write(request_file(state_directory),
        {{"id", request.id},
         {"by", request.by},
         {"reference", request.scope.reference},
         {"destination", request.scope.destination ? request.scope.destination->to_string() : std::string{}}});
}

std::optional<RefreshRequest> take_refresh_request(const fs::path& state_directory) {
  const auto file = request_file(state_directory);
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
  const auto destination = text(*document, "destination");
  if (!destination.empty()) {
    request.scope.destination = DestinationId::parse(destination);
    if (!request.scope.destination) throw std::runtime_error(file.string() + " names no destination");
  }
  return request;
}

void write_refresh_answer(const fs::path& state_directory, const std::string& id,
                          const secrets::SecretBroker::Refreshed& refreshed) {
  write(answer_file(state_directory), {{"id", id},
                                       {"destinations", refreshed.destinations},
                                       {"changed", refreshed.changed},
                                       {"unresolved", refreshed.unresolved}});
}

std::optional<secrets::SecretBroker::Refreshed> take_refresh_answer(const fs::path& state_directory,
                                                                    const std::string& id) {
  const auto document = read(answer_file(state_directory));
  if (!document || text(*document, "id") != id) return std::nullopt;
  fs::remove(answer_file(state_directory));
  return secrets::SecretBroker::Refreshed{number(*document, "destinations"), number(*document, "changed"),
                                          number(*document, "unresolved")};
}

}  // namespace opi::node
