#pragma once
#include <functional>
#include <string>
#include <type_traits>
#include <utility>

#include "plugins/adapter_instance.hpp"

namespace opi::plugins {

// Why a call is not made: held, with a reason.
CallEnd held_call(const std::string& why);

// Tells whoever made a call how it ended, once: should the call be lost on its way, by its destruction.
class Answer {
 public:
  Answer() = default;  // nobody is told
  template <class Done>
  requires std::is_invocable_v<Done&, const CallEnd&> Answer(Done done) : done_(std::move(done)) {}
  Answer(Answer&& other) noexcept : done_(std::exchange(other.done_, nullptr)) {}
  Answer& operator=(Answer&& other) noexcept {
    std::swap(done_, other.done_);
    return *this;
  }
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;
  ~Answer() { tell_of_loss(); }

  // What whoever is told throws comes out of here.
  void operator()(const CallEnd& end) {
    if (const auto done = std::exchange(done_, nullptr)) done(end);
  }
  explicit operator bool() const { return static_cast<bool>(done_); }

 private:
  void tell_of_loss() noexcept;

  std::function<void(const CallEnd&)> done_;
};

}  // namespace opi::plugins
