#pragma once
#include <cstring>
#include <opi/plugin.hpp>
#include <string>

// A secret provider that passes every check: it knows one secret, and whose it is. A mutant derives from it and does
// one thing wrong.
class RightProvider {
 public:
  explicit RightProvider(const opi::sdk::InstanceArgs&) {}

  void check(const opi::sdk::SecretQuery&) const {}
  void resolve(const opi::sdk::SecretQuery& query, opi::sdk::SecretAnswer& answer) {
    if (query.segment(0) != "webhook") throw opi::sdk::Failure(OPI_E_NOT_FOUND, "there is no such secret");
    if (query.tenant() != "acme-bank") throw opi::sdk::Failure(OPI_E_DENIED, "it is another tenant's");
    give(query, answer);
  }

 protected:
  static void give(const opi::sdk::SecretQuery& query, opi::sdk::SecretAnswer& answer) {
    const std::string value = "one-for-the-tests";
    if (query.if_not_version() == "1") return answer.not_modified("1");
    for (std::size_t i = 0; i < query.key_count(); ++i)
      std::memcpy(answer.reserve(i, value.size()).data(), value.data(), value.size());
    answer.commit("1");
  }
};
