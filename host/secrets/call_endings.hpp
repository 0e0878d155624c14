#pragma once

// What people are told of calls of providers that brought nothing.
namespace opi::secrets {

inline constexpr const char* not_asked = "the secret provider is not asked: its store does not answer";
inline constexpr const char* no_answer = "the secret provider did not answer in time";

}  // namespace opi::secrets
