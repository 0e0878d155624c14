#pragma once
#include <optional>
#include <vector>

#include "delivery/transport.hpp"
#include "domain/clock.hpp"

namespace opi::simulation {

// One daemon's connections: a request waits here until its receiver answers.
class Wire final : public delivery::Transport {
 public:
  struct Answer {
    MonoTime at{};  // of the world
    delivery::HttpResponse response;
  };
  struct Exchange {
    delivery::HttpRequest request;
    Completion done;
    std::optional<Answer> answer;  // none: nobody has looked at the request yet
  };

  void send(delivery::HttpRequest request, Completion done) override {
    under_way.push_back({std::move(request), std::move(done), std::nullopt});
  }
  [[nodiscard]] MonoTime next_answer() const {
    MonoTime next = MonoTime::max();
    for (const auto& exchange : under_way)
      if (exchange.answer) next = std::min(next, exchange.answer->at);
    return next;
  }
  // Hands over what has been answered by then, the earliest first.
  void deliver(MonoTime now) {
    for (;;) {
      auto next = under_way.end();
      for (auto at = under_way.begin(); at != under_way.end(); ++at)
        if (at->answer && at->answer->at <= now && (next == under_way.end() || at->answer->at < next->answer->at))
          next = at;
      if (next == under_way.end()) return;
      auto exchange = std::move(*next);
      under_way.erase(next);
      exchange.done(std::move(exchange.answer->response));
    }
  }

  std::vector<Exchange> under_way;
};

}  // namespace opi::simulation
