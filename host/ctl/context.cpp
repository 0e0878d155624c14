#include "ctl/context.hpp"

#include <pwd.h>
#include <unistd.h>

#include <array>

#include "ctl/services.hpp"

namespace opi::ctl {

Context::Context(const configuration::Loaded& loaded, std::string config_file, bool json, const Clock& clock,
                 Random& random, const Streams& streams)
    : loaded_(loaded),
      config_file_(std::move(config_file)),
      json_(json),
      clock_(clock),
      random_(random),
      streams_(streams) {}

Context::~Context() = default;

Services& Context::services() {
  if (!services_) services_ = std::make_unique<Services>(configuration(), clock_, random_);
  return *services_;
}

// The real user: whoever runs a program that changes its effective one is still himself.
std::string operating_user() {
  std::array<char, 4096> buffer;
  passwd entry{};
  passwd* found = nullptr;
  const bool known = ::getpwuid_r(::getuid(), &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr;
  return "integrationsctl/" + (known ? std::string(entry.pw_name) : std::to_string(::getuid()));
}

}  // namespace opi::ctl
