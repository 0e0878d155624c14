#include "administration/broker_credential_check.hpp"

#include "foundation/mutex.hpp"

namespace opi::administration {
namespace {

// Outlives the call if the broker answers late.
struct Answers {
  explicit Answers(std::size_t count) : sets(count), missing(count) {}
  Mutex mutex;
  Condition complete;
  std::vector<std::shared_ptr<const secrets::SecretSet>> sets OPI_GUARDED_BY(mutex);
  std::size_t missing OPI_GUARDED_BY(mutex);
};

std::vector<secrets::CredentialPosture> unknown(const Destination& destination) {
  std::vector<secrets::CredentialPosture> postures;
  for (const auto& credential : destination.credentials)
    postures.push_back({credential.purpose, credential.version, secrets::CredentialState::unavailable});
  return postures;
}

}  // namespace

std::vector<std::vector<secrets::CredentialPosture>> BrokerCredentialCheck::postures(
    const std::vector<std::shared_ptr<const Destination>>& destinations) {
  const auto answers = std::make_shared<Answers>(destinations.size());
  for (std::size_t i = 0; i < destinations.size(); ++i)
    broker_.resolve(destinations[i], [answers, i](std::shared_ptr<const secrets::SecretSet> set) {
      const Lock lock(answers->mutex);
      answers->sets[i] = std::move(set);
      if (--answers->missing == 0) answers->complete.notify_all();
    });
  Lock lock(answers->mutex);
  const auto until = std::chrono::steady_clock::now() + options_.patience;
  while (answers->missing > 0)
    if (!answers->complete.wait_until(lock, until)) break;
  std::vector<std::vector<secrets::CredentialPosture>> postures;
  for (std::size_t i = 0; i < destinations.size(); ++i)
    postures.push_back(answers->sets[i] ? answers->sets[i]->credentials : unknown(*destinations[i]));
  return postures;
}

}  // namespace opi::administration
