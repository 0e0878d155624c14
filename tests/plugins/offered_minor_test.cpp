#include <gmock/gmock.h>

#include "plugins/plugin_adapter.hpp"
#include "plugins/plugin_lab.hpp"

namespace opi::plugins::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// One plugin source, built for ABI 1.0 and for 1.1, on hosts of either minor.
class OfferedMinor : public ::testing::Test {
 protected:
  OfferedMinor() : old_(lab_.add(OPI_TEST_MINOR_0)), newer_(lab_.add(OPI_TEST_MINOR_1)) {}

  // What the adapter of this id sends, and what it makes of the answer.
  std::pair<std::string, Verdict> exchange(const PluginHost& host, const std::string& id) {
    const auto found = host.find(ComponentKind::adapter, id);
    if (!found.plugin) return {"not loaded", Verdict::reject};
    Destination destination;
    destination.endpoint = "https://receiver.example/in";
    destination.config = "{}";
    const PluginAdapter adapter(found.plugin, *found.component, destination, "test");
    const Event event;
    const DeliveryId delivery;
    const IdempotencyKey key;
    delivery::AttemptContext context{event, destination, delivery, key};
    context.step = 3;
    context.prior_ref = "T-1";
    delivery::HttpResponse response;
    response.status = 200;
    return {adapter.render(context, {}).request.body, adapter.interpret(context, response).verdict};
  }

  PluginLab lab_;
  fs::path old_, newer_;
};

TEST_F(OfferedMinor, ThisHostTakesPluginsOfEveryMinor) {
  const auto host = lab_.load();
  EXPECT_THAT(host->refused(), IsEmpty());
  EXPECT_EQ(exchange(*host, "minor_0"), std::pair(std::string("for 1.0"), Verdict::delivered));
  EXPECT_EQ(exchange(*host, "minor_1"), std::pair(std::string("step 3 about T-1"), Verdict::proceed));
}

TEST_F(OfferedMinor, AHostOfThePastTakesWhatIsForItAndNamesWhatIsNot) {
  auto options = lab_.options();
  options.offered_minor = 0;
  const auto host = lab_.load(options);
  EXPECT_THAT(verdicts(*host, old_), IsEmpty());
  EXPECT_EQ(exchange(*host, "minor_0").first, "for 1.0");
  EXPECT_THAT(verdicts(*host, newer_), ElementsAre("inspect L304"));
  ASSERT_THAT(host->refused(), SizeIs(1));
  EXPECT_EQ(host->refused()[0].message, "plugin needs ABI 1.1, this host offers 1.0");
  EXPECT_EQ(host->refused()[0].remedy, "upgrade the host, or rebuild the plugin with a lower \"abi\" in its manifest");
}

// A manifest may promise less than the code needs: the table is asked as well, before any other call.
TEST_F(OfferedMinor, TheTableIsHeldAgainstTheOfferToo) {
  lab_.add(fs::path(OPI_TEST_BAD_DIR) / "needs_1_1.so");
  auto options = lab_.options();
  options.offered_minor = 0;
  EXPECT_THAT(verdicts(*lab_.load(options), lab_.plugins() / "needs_1_1.so"), ElementsAre("probe L304"));
  EXPECT_THAT(verdicts(*lab_.load(), lab_.plugins() / "needs_1_1.so"), IsEmpty());
}

}  // namespace
}  // namespace opi::plugins::testing
