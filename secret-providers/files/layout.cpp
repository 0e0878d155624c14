#include "layout.hpp"

#include <algorithm>
#include <opi/plugin.hpp>

namespace opi::file_secrets {
namespace {

using sdk::Failure;

[[noreturn]] void refuse(const std::string& why) { throw Failure(OPI_E_INVALID, "layout: " + why); }

// What the id of a tenant is made of.
bool may_be_in_tenant(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; }

bool may_be_literal(char c) {
  return may_be_in_tenant(c) || (c >= 'A' && c <= 'Z') || c == '.' || c == '+' || c == '=' || c == ',' || c == '@' ||
         c == ':';
}

}  // namespace

Layout::Layout(std::string_view text) {
  for (;;) {
    const auto slash = text.find('/');
    parts_.push_back(parse_part(text.substr(0, slash)));
    if (slash == std::string_view::npos) break;
    text.remove_prefix(slash + 1);
  }
  if (parts_.size() > max_parts) refuse("has more than " + std::to_string(max_parts) + " parts");
  check_placeholders();
  names_tenant_ = std::ranges::any_of(
      parts_, [](const Part& part) { return std::ranges::find(part, Kind::tenant, &Piece::kind) != part.end(); });
}

Layout::Part Layout::parse_part(std::string_view text) {
  if (text.empty()) refuse("has an empty part; it is a path below the root, without a slash at either end");
  Part part;
  while (!text.empty()) {
    if (text.front() == '{') {
      const auto name = text.substr(0, text.find('}') + 1);
      const auto kind = name == "{tenant}"   ? Kind::tenant
                        : name == "{secret}" ? Kind::secret
                        : name == "{key}"    ? Kind::key
                                             : Kind::literal;
      if (kind == Kind::literal) refuse("the placeholders are {tenant}, {secret} and {key}");
      part.push_back({kind, {}});
      text.remove_prefix(name.size());
      continue;
    }
    if (!may_be_literal(text.front())) refuse("has a character other than letters, digits and -_.+=,@:");
    if (part.empty() || part.back().kind != Kind::literal) part.push_back({Kind::literal, {}});
    part.back().text += text.front();
    text.remove_prefix(1);
  }
  if (part.front().kind == Kind::literal && part.front().text.starts_with(".."))
    refuse("a part begins with two dots, which is what kubelet calls its own");
  if (part.size() == 1 && part.front().kind == Kind::literal && part.front().text == ".") refuse("has the part \".\"");
  check_tenant_stands_apart(part);
  return part;
}

void Layout::check_placeholders() const {
  const auto count = [this](Kind kind) {
    std::ptrdiff_t n = 0;
    for (const auto& part : parts_) n += std::ranges::count(part, kind, &Piece::kind);
    return n;
  };
  if (count(Kind::key) != 1 || std::ranges::find(parts_.back(), Kind::key, &Piece::kind) == parts_.back().end())
    refuse("{key} must stand in the last part, once");
  if (count(Kind::tenant) > 1 || count(Kind::secret) > 1) refuse("a placeholder stands twice");
}

// "acme-prod/x" must not be what "acme" and "prod-x" come to as well: the name of a tenant ends where its part does or
// a character follows that no tenant has, and only fixed text stands before it.
void Layout::check_tenant_stands_apart(const Part& part) {
  const auto tenant = std::ranges::find(part, Kind::tenant, &Piece::kind);
  if (tenant == part.end()) return;
  const bool first = std::all_of(part.begin(), tenant, [](const Piece& one) { return one.kind == Kind::literal; });
  const auto next = tenant + 1;
  const bool ends = next == part.end() || (next->kind == Kind::literal && !may_be_in_tenant(next->text.front()));
  if (!first || !ends)
    refuse(
        "{tenant} must be the first placeholder of its part, and be followed by a slash or a sign that no tenant has, "
        "such as a dot: two tenants could come to one file");
}

std::vector<std::string> Layout::directories(std::string_view tenant, std::string_view secret) const {
  std::vector<std::string> names;
  for (std::size_t i = 0; i + 1 < parts_.size(); ++i) names.push_back(expand(parts_[i], tenant, secret, {}));
  return names;
}

std::string Layout::file(std::string_view tenant, std::string_view secret, std::string_view key) const {
  return expand(parts_.back(), tenant, secret, key);
}

std::string Layout::expand(const Part& part, std::string_view tenant, std::string_view secret, std::string_view key) {
  std::string name;
  for (const auto& piece : part) switch (piece.kind) {
      case Kind::literal: name += piece.text; break;
      case Kind::tenant: name += tenant; break;
      case Kind::secret: name += secret; break;
      case Kind::key: name += key; break;
    }
  if (name.size() > max_name_bytes)
    throw Failure(OPI_E_INVALID,
                  "the reference makes a file name of more than " + std::to_string(max_name_bytes) + " bytes");
  // The host lets no segment be "." or "..", nor hold a slash; two of them together could still be such a name.
  if (name == "." || name.starts_with("..") || name.find('/') != std::string::npos ||
      name.find('\0') != std::string::npos)
    throw Failure(OPI_E_INVALID, "the reference makes a file name that begins with two dots, or is none");
  return name;
}

}  // namespace opi::file_secrets
