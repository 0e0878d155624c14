#pragma once
#include "delivery/store_watch.hpp"
#include "postgres/ballast.hpp"
#include "postgres/connection.hpp"
#include "postgres/options.hpp"

namespace opi::postgres {

// On a session of its own, so that it does not wait for the work of others.
class PostgresWriteProbe final : public delivery::WriteProbe {
 public:
  explicit PostgresWriteProbe(const PostgresOptions& options);
  void prove_write() override;
  std::optional<delivery::Ballast> weigh() override;

 private:
  Connection connection_;
  KeptElsewhere kept_elsewhere_;
};

}  // namespace opi::postgres
