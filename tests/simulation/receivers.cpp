#include <algorithm>

#include "simulation/world.hpp"

namespace opi::simulation {

using namespace std::chrono_literals;

void World::look_at_requests(Daemon& daemon) {
  for (auto& exchange : daemon.wire().under_way) {
    if (exchange.answer) continue;
    ++totals_.requests;
    const auto id = *DeliveryId::parse(exchange.request.headers.at(0).value);
    check_request(daemon, exchange.request, id);
    exchange.answer = answer_to(exchange.request, id);
  }
}

void World::check_request(Daemon& daemon, const delivery::HttpRequest& request, const DeliveryId& id) {
  const auto where = *DestinationId::parse(request.headers.at(2).value);
  if (!witness_.holds(daemon.id(), id))
    throw Violation("delivery " + id.to_string() + " was sent by " + daemon.id() + ", which does not hold its lease");
  if (std::stoi(request.headers.at(1).value) > allowed_attempts(id, where))
    throw Violation("delivery " + id.to_string() + " to " + where.to_string() +
                    " was sent beyond the policy's attempts: " + attempts_of(where, id));
  totals_.rated += witness_.sent(id) ? 1 : 0;
}

Wire::Answer World::answer_to(const delivery::HttpRequest& request, const DeliveryId& id) {
  const int attempt = std::stoi(request.headers.at(1).value);
  const MonoTime now = clock_.mono_now();
  delivery::HttpResponse response;
  response.request_sent = true;
  response.status = 200;
  if (!faults_.on()) {
    acknowledged_.insert(id);
    return {now + 20ms, response};
  }
  auto latency = dice_.up_to(dice_.chance(0.1) ? *policy_.timeout : 200ms);
  const int mood = dice_.pick(100);
  if (mood < 55) {
    acknowledged_.insert(id);
  } else if (mood < 70) {
    response.status = 503;
  } else if (mood < 76) {
    response.status = 400;
  } else if (mood < 81) {
    const auto seconds = std::chrono::seconds{dice_.pick(20)};
    response.status = 429;
    response.headers = {{"retry-after", std::to_string(seconds.count())}};
    witness_.asked_for_silence(id, attempt, std::min<std::chrono::milliseconds>(seconds, *policy_.retry_after_max));
  } else if (mood < 83) {
    response.status = 410;
  } else if (mood < 85) {
    response.status = 401;
  } else {
    response.status = 0;
    if (mood < 91) {
      response.fault = TransportFault::timeout;
      latency = *policy_.timeout;
    } else if (mood < 96) {
      response.fault = TransportFault::connect;
      response.request_sent = false;
    } else {
      response.fault = TransportFault::cancelled;
      response.request_sent = dice_.chance(0.5);
    }
  }
  return {now + latency, response};
}

}  // namespace opi::simulation
