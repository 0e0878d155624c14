#include "delivery/settle_apart.hpp"

#include <optional>

#include "foundation/check.hpp"

namespace opi::delivery {
namespace {

class Apart {
 public:
  Apart(DeliveryStore& store, const std::function<void(std::size_t, SettleResult)>& settled,
        const std::function<void(std::size_t, const std::exception&)>& refused)
      : store_(store), settled_(settled), refused_(refused) {}

  void write(std::span<const Settlement> settlements, std::size_t first) {
    if (settlements.empty()) return;
    const auto results = together(settlements, first);
    if (!results) {
      if (settlements.size() == 1) return;
      const std::size_t half = settlements.size() / 2;
      write(settlements.first(half), first);
      write(settlements.subspan(half), first + half);
      return;
    }
    OPI_CHECK(results->size() == settlements.size(), results->size(), settlements.size());
    for (std::size_t i = 0; i < results->size(); ++i) settled_(first + i, (*results)[i]);
  }

 private:
  // Nothing if the store would not have them.
  std::optional<std::vector<SettleResult>> together(std::span<const Settlement> settlements, std::size_t first) {
    try {
      return store_.settle(settlements);
    } catch (const StoreUnavailable&) {
      throw;
    } catch (const CommitInDoubt&) {
      throw;
    } catch (const std::exception& failure) {
      if (settlements.size() == 1) refused_(first, failure);
      return std::nullopt;
    }
  }

  DeliveryStore& store_;
  const std::function<void(std::size_t, SettleResult)>& settled_;
  const std::function<void(std::size_t, const std::exception&)>& refused_;
};

}  // namespace

void settle_apart(DeliveryStore& store, std::span<const Settlement> settlements,
                  const std::function<void(std::size_t, SettleResult)>& settled,
                  const std::function<void(std::size_t, const std::exception&)>& refused) {
  Apart(store, settled, refused).write(settlements, 0);
}

}  // namespace opi::delivery
