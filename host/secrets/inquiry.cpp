#include "secrets/inquiry.hpp"

#include <utility>

namespace opi::secrets {
namespace {

// What may be said for the sake of one key. That there is no such resource, or that its store does not answer, is not.
bool is_refusal(const ResolveResult& result) {
  return result.status == ResolveStatus::invalid || result.status == ResolveStatus::denied;
}

}  // namespace

Answers Inquiry::make(std::size_t doubted) && {
  std::vector<std::string> together{query_.keys.begin(), query_.keys.end()};
  if (doubted > 0) {
    for (const auto& key : query_.keys.first(doubted)) {
      auto result = ask({&key, 1}, {});
      if (!is_refusal(result) && result.status != ResolveStatus::ok)
        return {{key}, std::move(result), std::move(refused_)};
      if (!is_refusal(result)) continue;
      refuse({&key, 1}, result);
      std::erase(together, key);
    }
    if (refused_.size() == doubted) return {{}, {}, std::move(refused_)};
    questions_ = 0;
  }
  look(together, nullptr);
  if (other_) return {std::move(together), std::move(*other_), std::move(refused_)};
  if (parts_ > 1) last_ = ask(sound_, {});
  if (is_refusal(last_))
    last_ = {ResolveStatus::unavailable, "the secret changed while its keys were looked for", {}, {}, {}};
  return {std::move(sound_), std::move(last_), std::move(refused_)};
}

ResolveResult Inquiry::ask(std::span<const std::string> keys, std::string_view if_not_version) {
  ++questions_;
  return provider_.resolve({query_.reference, keys, query_.tenant, if_not_version, query_.deadline});
}

void Inquiry::look(std::span<const std::string> keys, const ResolveResult* of) {
  if (questions_ >= most_questions) return refuse(keys, *of);
  // That a part of them is as it was would say nothing of whether it has ever been sound.
  auto result = ask(keys, of == nullptr ? query_.if_not_version : std::string_view{});
  if (is_refusal(result)) {
    if (keys.size() == 1) return refuse(keys, result);
    const auto half = keys.size() / 2;
    look(keys.first(half), &result);
    if (!other_) look(keys.subspan(half), &result);
  } else if (result.status == ResolveStatus::ok || result.status == ResolveStatus::not_modified) {
    ++parts_;
    sound_.insert(sound_.end(), keys.begin(), keys.end());
    last_ = std::move(result);
  } else {
    other_ = std::move(result);
  }
}

void Inquiry::refuse(std::span<const std::string> keys, const ResolveResult& refusal) {
  for (const auto& key : keys) refused_.push_back({key, refusal.status, refusal.failure});
}

}  // namespace opi::secrets
