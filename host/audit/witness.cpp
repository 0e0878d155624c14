#include "audit/witness.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>

#include "crypto/digest.hpp"

namespace opi::audit {
namespace {

namespace json = boost::json;

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& what) {
  throw std::runtime_error("audit witness " + file.string() + " " + what);
}

Link link_of(const json::value& value) {
  const auto& object = value.as_object();
  const auto hash = crypto::from_hex(std::string_view(object.at("hash").as_string()));
  Link link;
  link.sequence = object.at("sequence").as_int64();
  if (link.sequence < 1 || !hash || hash->size() != link.hash.size()) throw std::invalid_argument("no link");
  std::ranges::copy(*hash, link.hash.begin());
  return link;
}

// In place of the former one at once, and on the disk before that: a witness that was cut off would be none.
void replace(const std::filesystem::path& file, const std::string& text) {
  const std::string part = file.string() + ".part";
  const int target = ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  const bool written = target >= 0 && ::write(target, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       ::fsync(target) == 0;
  const int error = errno;
  if (target >= 0) ::close(target);
  if (!written) refuse(part, "cannot be written: " + std::system_category().message(error));
  std::filesystem::rename(part, file);
}

}  // namespace

Witness::Witness(std::filesystem::path file) : file_(std::move(file)) {
  struct stat status {};
  if (::stat(file_.c_str(), &status) != 0) {
    if (errno == ENOENT) return;
    refuse(file_, "cannot be looked at: " + std::system_category().message(errno));
  }
  std::ifstream in(file_, std::ios::binary);
  if (!in) refuse(file_, "cannot be read");
  try {
    const auto read = json::parse(std::string{std::istreambuf_iterator<char>(in), {}});
    for (const auto& [name, link] : read.as_object().at("trails").as_object()) {
      const auto tenant = name.empty() ? TenantId{} : TenantId::parse(std::string_view(name)).value();
      links_[tenant] = link_of(link);
    }
  } catch (const std::exception&) {
    refuse(file_, "is damaged: find out who changed it; without it the daemon takes the trails as they are");
  }
}

std::optional<Link> Witness::find(const TenantId& tenant) const {
  const auto found = links_.find(tenant);
  return found == links_.end() ? std::nullopt : std::optional{found->second};
}

void Witness::keep(const TenantId& tenant, const Link& read) {
  auto& link = links_[tenant];
  if (link.sequence == read.sequence && link.hash == read.hash) return;
  link = read;
  changed_ = true;
}

void Witness::save() {
  if (!changed_) return;
  json::object trails;
  for (const auto& [tenant, link] : links_)
    trails[tenant.str()] = {{"sequence", link.sequence}, {"hash", crypto::to_hex(link.hash)}};
  replace(file_, json::serialize(json::object{{"version", 1}, {"trails", std::move(trails)}}) + "\n");
  changed_ = false;
}

std::optional<std::string> Witness::fault_of(AuditLog& log, const TenantId& tenant, const Link& read) {
  const auto stored = log.read(tenant, read.sequence - 1, 1);
  const std::string name = "record " + std::to_string(read.sequence);
  if (stored.empty() || stored.front().link.sequence != read.sequence)
    return name + " is missing: the daemon read it before";
  if (stored.front().link.hash != read.hash)
    return name + " is not the one that the daemon read before: the trail was rewritten";
  return std::nullopt;
}

}  // namespace opi::audit
