#pragma once
#include <string>
#include <utility>
#include <vector>

#include "canary/canary.hpp"
#include "canary/echo_receiver.hpp"
#include "system/site.hpp"
#include "system/web_client.hpp"

namespace opi::canary_test {

using system_test::WebAnswer;
using system_test::WebRequest;

// The values, one for each way in.
struct Values {
  std::string signing_key_1, signing_key_2;    // 24 bytes each; the secrets are "whsec_" and their base64
  std::string bearer = unique_value();         // sent as Authorization
  std::string told = unique_value();           // of the adapter that logs and repeats what it sees
  std::string from_provider = unique_value();  // in a provider's failure
  std::string malformed_key = unique_value();  // in a file that should hold a key and does not
  std::string endpoint_path = unique_value(), endpoint_query = unique_value();
  std::string password = unique_value();  // of the database
  // What the host authorises with: a password, a client's secret and the token that it gets for it.
  std::string basic_password = unique_value(), client_secret = unique_value(), access_token = unique_value();
};

// A daemon's surroundings with a destination for each way on which a secret could get out. All of them take "alert.*",
// except "quiet", which takes "quiet.*" and is delivered, and the one that crashes the daemon, for "crash.*".
class CanarySite {
 public:
  explicit CanarySite(test::PostgresCluster* cluster);

  void provision(bool with_crash);
  system_test::Site& site() { return site_; }
  [[nodiscard]] const Values& values() const { return values_; }
  // Values that must be nowhere.
  Search& secrets() { return secrets_; }
  // Everything that was written, and each answer of the API that is to be searched.
  void keep(const std::string& place, const std::string& text) { kept_.emplace_back(place, text); }
  void keep(const WebRequest& request, const WebAnswer& answer);

  // All findings: in what was kept, in every file below the site's folder that is not itself a place for secrets, and
  // in the store. The store may hold an endpoint's URL where a destination has it, and nowhere else.
  [[nodiscard]] std::vector<std::string> findings();
  // What the store holds, as text.
  [[nodiscard]] std::string dump() const;
  [[nodiscard]] std::string connection() const;  // PostgreSQL's; empty: SQLite

  static constexpr int alert_destinations = 10;

 private:
  [[nodiscard]] std::string endpoint(int status) const;
  [[nodiscard]] std::string token_url(int status) const;
  [[nodiscard]] std::string authorised_destinations() const;
  void write_secret(const std::string& name, const std::string& value) const;
  void search_files(std::vector<std::string>& findings) const;
  void search_store(std::vector<std::string>& findings) const;

  Values values_;
  const bool postgres_;
  system_test::Site site_;
  EchoReceiver receiver_;
  Search secrets_, endpoints_;
  std::vector<std::pair<std::string, std::string>> kept_;
};

}  // namespace opi::canary_test
