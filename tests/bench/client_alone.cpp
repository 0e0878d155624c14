#include <atomic>
#include <semaphore>

#include "bench/machine.hpp"
#include "bench/measurements.hpp"
#include "egress/http_transport.hpp"
#include "egress/system_resolver.hpp"
#include "receiver/receiver.hpp"

namespace opi::bench {

Rate client_alone(std::size_t count) {
  constexpr std::ptrdiff_t in_flight = 256;
  receiver::Receiver receiver(receiver::ReceiverOptions{.verify = false});
  egress::SystemResolver resolver;
  std::string error;
  egress::HttpTransport transport(
      resolver, egress::AddressGuard(egress::parse_allow_list(std::vector<std::string>{"127.0.0.0/8"}, error)), {});
  const std::string url = receiver.url("/bench"), body(512, 'x');
  std::counting_semaphore<> slots(in_flight);
  std::atomic<std::size_t> failed = 0;
  const double cpu = machine_cpu_seconds(), start = now_seconds();
  for (std::size_t i = 0; i < count; ++i) {
    slots.acquire();
    delivery::HttpRequest request{"POST", url, {{"Content-Type", "application/json"}}, body, std::chrono::seconds{10}};
    transport.send(std::move(request), [&](delivery::HttpResponse&& response) {
      failed += response.status != 200;
      slots.release();
    });
  }
  for (std::ptrdiff_t i = 0; i < in_flight; ++i) slots.acquire();
  Rate rate;
  rate.count = count;
  rate.seconds = now_seconds() - start;
  rate.machine_cpu_us_each = (machine_cpu_seconds() - cpu) * 1e6 / static_cast<double>(count);
  if (failed > 0) throw std::runtime_error("the HTTP client failed " + std::to_string(failed) + " times");
  return rate;
}

}  // namespace opi::bench
