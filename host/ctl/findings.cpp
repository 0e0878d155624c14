#include "ctl/findings.hpp"

#include <algorithm>

namespace opi::ctl {

std::string_view to_string(Level level) {
  switch (level) {
    case Level::ok: return "ok";
    case Level::warning: return "warning";
    case Level::error: return "error";
  }
  return "";
}

void Findings::skew(std::chrono::milliseconds skew, std::string message) {
  constexpr std::chrono::milliseconds bad{30'000};
  const std::string remedy = "let both follow the same time servers (chrony, systemd-timesyncd)";
  if (skew > bad) return error("clock", std::move(message), remedy);
  if (skew > tolerable_skew) return warning("clock", std::move(message), remedy);
  ok("clock", std::move(message));
}

long Findings::count(Level level) const { return std::ranges::count(all_, level, &Finding::level); }

bool Findings::clean_since(std::size_t before) const {
  return std::all_of(all_.begin() + static_cast<std::ptrdiff_t>(before), all_.end(),
                     [](const Finding& finding) { return finding.level == Level::ok; });
}

}  // namespace opi::ctl
