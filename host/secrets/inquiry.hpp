#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "secrets/secret_provider.hpp"

namespace opi::secrets {

// What a provider said of the keys of one resource.
struct Answers {
  struct Refusal {
    std::string key;
    ResolveStatus status;  // invalid or denied
    std::string why;
  };
  std::vector<std::string> keys;  // that `result` is about, and no refusal is; none: it says nothing
  ResolveResult result;
  std::vector<Refusal> refused;
};

// Asks a provider for keys of one resource. A provider has one status for a whole question, so that a single key that
// is empty, too large, no text, or a file of the wrong user's has all of them refused. Then it is asked for parts of
// them, until the keys that it refuses stand alone, and for the others together once more: they come from one version.
class Inquiry {
 public:
  // Of a search, and one more; a key that has not been asked for alone by then counts as refused. As many doubted keys
  // are looked at in one go.
  static constexpr std::size_t most_questions = 16;

  Inquiry(SecretProvider& provider, const ResolveQuery& query) : provider_(provider), query_(query) {}

  // The first `doubted` keys were refused before. Each is asked for alone, and the others only if one of them is
  // refused no more.
  [[nodiscard]] Answers make(std::size_t doubted) &&;

 private:
  ResolveResult ask(std::span<const std::string> keys, std::string_view if_not_version);
  // `of`: the refusal of all that they are a part of.
  void look(std::span<const std::string> keys, const ResolveResult* of);
  void refuse(std::span<const std::string> keys, const ResolveResult& refusal);

  SecretProvider& provider_;
  const ResolveQuery& query_;
  std::size_t questions_ = 0;
  std::vector<std::string> sound_;
  int parts_ = 0;  // that the sound ones were answered in
  ResolveResult last_;
  std::vector<Answers::Refusal> refused_;
  std::optional<ResolveResult> other_;  // what was said that is neither: of the resource, not of a key
};

}  // namespace opi::secrets
