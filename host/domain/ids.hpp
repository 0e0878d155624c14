#pragma once
#include <compare>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "domain/uuid.hpp"

namespace opi {

// Identifiers are types of their own, so that a tenant can never stand where an event belongs.

// A UUID of one kind of thing.
template <class Tag>
struct UuidId {
  Uuid value;
  static std::optional<UuidId> parse(std::string_view text) {
    if (auto uuid = Uuid::parse(text)) return UuidId{*uuid};
    return std::nullopt;
  }
  [[nodiscard]] std::string to_string() const { return value.to_string(); }
  auto operator<=>(const UuidId&) const = default;
};

// An identifier that was chosen outside: 1 to Tag::max_length characters of Tag::allowed().
template <class Tag>
class TextId {
 public:
  TextId() = default;  // the empty id: belongs to nothing
  static std::optional<TextId> parse(std::string_view text) {
    if (text.empty() || text.size() > Tag::max_length) return std::nullopt;
    for (const char c : text)
      if (!Tag::allowed(c)) return std::nullopt;
    return TextId{std::string{text}};
  }
  [[nodiscard]] const std::string& str() const { return text_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }
  auto operator<=>(const TextId&) const = default;

 private:
  explicit TextId(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

constexpr bool ascii_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

struct TenantTag {
  static constexpr std::size_t max_length = 64;
  static constexpr bool allowed(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  }
};
struct EventTag {
  static constexpr std::size_t max_length = 128;
  static constexpr bool allowed(char c) {
    return ascii_alphanumeric(c) || c == '-' || c == '_' || c == '.' || c == ':';
  }
};

using TenantId = TextId<TenantTag>;  // lower-case letters, digits, '-', '_'; at most 64
using EventId = TextId<EventTag>;    // letters, digits, "-_.:"; at most 128
using DestinationId = UuidId<struct DestinationTag>;
using DeliveryId = UuidId<struct DeliveryTag>;

}  // namespace opi

template <class Tag>
struct std::hash<opi::UuidId<Tag>> {
  std::size_t operator()(const opi::UuidId<Tag>& id) const noexcept { return std::hash<opi::Uuid>{}(id.value); }
};
template <class Tag>
struct std::hash<opi::TextId<Tag>> {
  std::size_t operator()(const opi::TextId<Tag>& id) const noexcept { return std::hash<std::string>{}(id.str()); }
};
