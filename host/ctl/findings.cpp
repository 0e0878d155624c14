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

long Findings::count(Level level) const { return std::ranges::count(all_, level, &Finding::level); }

bool Findings::clean_since(std::size_t before) const {
  return std::all_of(all_.begin() + static_cast<std::ptrdiff_t>(before), all_.end(),
                     [](const Finding& finding) { return finding.level == Level::ok; });
}

}  // namespace opi::ctl
