#pragma once
#include <fstream>
#include <optional>

#include "crypto/digest.hpp"
#include "secret_providers/fake_api_server.hpp"
#include "secret_providers/provider_lab.hpp"

namespace opi::plugins::testing {

inline std::string base64(std::string_view text) {
  return crypto::to_base64({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

// A Secret of the fake cluster.
struct FakeSecret {
  std::map<std::string, std::string> data{{"signing", base64("whsec_first")}};
  std::string tenant = "acme";  // empty: no label
  std::string uid = "0f4e5c7a-94b1-4f0e-8f6f-1a2b3c4d5e6f";
  int version = 1;
  std::string more_metadata;

  [[nodiscard]] std::string json(bool metadata_only) const {
    std::string text = R"({"kind":")" + std::string(metadata_only ? "PartialObjectMetadata" : "Secret") +
                       R"(","apiVersion":")" + (metadata_only ? "meta.k8s.io/v1" : "v1") +
                       R"(","metadata":{"name":"hook","namespace":"prod","uid":")" + uid + R"(","resourceVersion":")" +
                       std::to_string(version) + "\"";
    if (!tenant.empty()) text += R"(,"labels":{"app":"x","integrations.oneprotect.io/tenant":")" + tenant + "\"}";
    text += more_metadata + "}";
    if (!metadata_only) {
      text += R"(,"data":{)";
      for (const auto& [key, value] : data) text += (text.ends_with('{') ? "\"" : ",\"") + key + "\":\"" + value + "\"";
      text += R"(},"type":"Opaque")";
    }
    return text + "}";
  }
};

inline std::string status_object(int code, const std::string& reason) {
  return R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"c4n4ry said","reason":")" +
         reason + R"(","code":)" + std::to_string(code) + "}";
}

class ApiServerLab : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    std::string pattern = (fs::temp_directory_path() / "opi-k8s-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    directory_ = pattern;
    certificates_.emplace(directory_ / "pki");
    certificates_->issue("apiserver", "IP:127.0.0.1,DNS:kubernetes.default.svc");
    certificates_->issue("named", "DNS:localhost");
    certificates_->issue("elsewhere", "IP:127.0.0.2,DNS:elsewhere.example");
    certificates_->issue("client", "DNS:client", "extendedKeyUsage=clientAuth");
  }
  static void TearDownTestSuite() {
    std::error_code ignored;
    fs::remove_all(directory_, ignored);
    certificates_.reset();
  }

  void SetUp() override {
    account_ = directory_ / "serviceaccount";
    fs::remove_all(account_);
    fs::create_directories(account_);
    fs::copy_file(certificates_->file("ca.crt"), account_ / "ca.crt");
    write_file(account_ / "token", "token-1\n");
  }
  void TearDown() override {
    lab_.reset();
    server_.reset();
  }

  static void write_file(const fs::path& file, const std::string& text) {
    std::ofstream(file.string() + ".new", std::ios::binary) << text;
    fs::permissions(file.string() + ".new", fs::perms::owner_read | fs::perms::owner_write);
    fs::rename(file.string() + ".new", file);
  }
  // The usual API server: it has `secret_`, and says nothing to whoever has no token.
  ApiReply usual(const ApiRequest& request) const { return {http("200 OK", secret_.json(request.is_metadata()))}; }
  void serve(FakeApiServer::Handler handler, const std::string& certificate = "apiserver") {
    server_.emplace(*certificates_, certificate, std::move(handler));
  }
  void serve() {
    serve([this](const ApiRequest& request) { return usual(request); });
  }
  void serve_always(const std::string& bytes) {
    serve([bytes](const ApiRequest&) { return ApiReply{bytes}; });
  }
  ProviderLab& provider(const std::string& more = "") {
    ::setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1", 1);
    ::setenv("KUBERNETES_SERVICE_PORT", std::to_string(server_->port()).c_str(), 1);
    lab_.emplace(OPI_TEST_SECRETS_KUBERNETES, "kubernetes",
                 R"({"access":"in_cluster","service_account_directory":")" + account_.string() + "\"" + more + "}");
    ::unsetenv("KUBERNETES_SERVICE_HOST");
    ::unsetenv("KUBERNETES_SERVICE_PORT");
    return *lab_;
  }
  secrets::ResolveResult ask(std::string_view known = {},
                             std::chrono::milliseconds patience = std::chrono::seconds{10}) {
    return (lab_ ? *lab_ : provider()).resolve("k8s://prod/hook/signing", {}, known, "acme", patience);
  }
  // What the provider makes of one answer to everything.
  secrets::ResolveResult made_of(const std::string& bytes) {
    lab_.reset();
    server_.reset();
    serve_always(bytes);
    return ask();
  }
  // Of an answer to the second request, which asks for the data.
  secrets::ResolveResult made_of_data(const std::string& bytes) {
    lab_.reset();
    server_.reset();
    serve(
        [this, bytes](const ApiRequest& request) { return request.is_metadata() ? usual(request) : ApiReply{bytes}; });
    return ask();
  }

  static inline fs::path directory_;
  static inline std::optional<Certificates> certificates_;
  fs::path account_;
  FakeSecret secret_;
  std::optional<FakeApiServer> server_;
  std::optional<ProviderLab> lab_;
};

}  // namespace opi::plugins::testing
