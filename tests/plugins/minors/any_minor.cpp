#include <opi/plugin.hpp>
#include <string>

namespace {

class AnyMinor {
 public:
  explicit AnyMinor(const opi::sdk::InstanceArgs&) {}
  void render(const opi::sdk::Delivery& delivery, opi::sdk::RequestBuilder& request) const {
    request.url(delivery.endpoint_url());
#if OPI_TARGET_MINOR >= 1
    request.body("step " + std::to_string(delivery.step()) + " about " + std::string(delivery.prior_ref()));
#else
    request.body("for 1.0");
#endif
  }
  opi::sdk::Verdict interpret(const opi::sdk::Delivery&, const opi::sdk::Response&) const {
#if OPI_TARGET_MINOR >= 1
    return opi::sdk::Verdict::proceed("onwards");
#else
    return opi::sdk::Verdict::delivered();
#endif
  }
};

#if OPI_TARGET_MINOR >= 1
constexpr opi::sdk::ComponentId id{"minor_1"};
#else
constexpr opi::sdk::ComponentId id{"minor_0"};
#endif

}  // namespace

OPI_PLUGIN(opi::sdk::Adapter<AnyMinor, id>)
