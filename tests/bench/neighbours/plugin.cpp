#include <chrono>
#include <cstring>
#include <opi/plugin.hpp>
#include <string>
#include <thread>

// The two neighbours that are plugins. Both stay a little below the deadline of a call, for one that dies of it is
// quarantined after two calls and then is nobody's neighbour any more. (To sleep, a provider has to declare the
// network.)
namespace {

using std::chrono::steady_clock;

class Spinner {
 public:
  explicit Spinner(const opi::sdk::InstanceArgs&) {}
  void render(const opi::sdk::Delivery& delivery, opi::sdk::RequestBuilder& request) const {
    const auto end = steady_clock::now() + std::chrono::milliseconds{800};
    while (steady_clock::now() < end) continue;
    request.url(delivery.endpoint_url()).header("X-Id", delivery.event_id()).body(std::string(delivery.payload()));
  }
  opi::sdk::Verdict interpret(const opi::sdk::Delivery&, const opi::sdk::Response&) const {
    return opi::sdk::Verdict::delivered();
  }
};

class Hanger {
 public:
  explicit Hanger(const opi::sdk::InstanceArgs&) {}
  void check(const opi::sdk::SecretQuery&) const {}
  void resolve(const opi::sdk::SecretQuery& query, opi::sdk::SecretAnswer& answer) {
    static constexpr std::string_view secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    std::this_thread::sleep_for(std::chrono::milliseconds{4'500});
    for (std::size_t i = 0; i < query.key_count(); ++i)
      std::memcpy(answer.reserve(i, secret.size()).data(), secret.data(), secret.size());
    answer.commit("1", std::chrono::milliseconds{1});
  }
};

}  // namespace

OPI_PLUGIN(opi::sdk::Adapter<Spinner, "spinner">, opi::sdk::Provider<Hanger, "hanger">)
