#include "plugins/request_assembly.hpp"

#include <gmock/gmock.h>

namespace opi::plugins {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// An adapter whose endpoint is itself a secret: it names the slot, the host knows the URL.
class SecretUrl : public ::testing::Test {
 protected:
  SecretUrl() {
    component_.slots = {{"endpoint", ""}};
    component_.egress = {"*.receiver.example"};
    component_.body_bytes = 1024;
    destination_.endpoint = "https://hooks.receiver.example";
  }
  void keep(std::string_view url) {
    secrets_.purposes = {{"endpoint", {{std::make_shared<const secrets::Secret>(url), "1"}}, {}}};
  }
  delivery::Rendering render(std::string_view slot = "endpoint") {
    RequestAssembly assembly(component_, destination_, secrets_);
    const auto out = assembly.out();
    status_ = out.ops->url_secret(out.impl, raw(slot));
    return std::move(assembly).finish("test");
  }

  Component component_;
  Destination destination_;
  secrets::SecretSet secrets_;
  opi_status status_ = OPI_OK;
};

TEST_F(SecretUrl, IsTheRequestsUrlAndSaidToBeSecret) {
  keep("https://hooks.receiver.example/T00/B00/s3cr3t");
  const auto rendering = render();
  ASSERT_TRUE(rendering.ok) << rendering.error;
  EXPECT_EQ(rendering.request.url, "https://hooks.receiver.example/T00/B00/s3cr3t");
  EXPECT_TRUE(rendering.url_is_secret);
  EXPECT_THAT(rendering.used_purposes, ElementsAre("endpoint"));
}

TEST_F(SecretUrl, IsHeldToTheManifestsEgressAndToTheFormOfUrls) {
  for (const auto* url : {"https://elsewhere.example/T00/s3cr3t", "http://hooks.receiver.example/s3cr3t",
                          "https://user@hooks.receiver.example/s3cr3t", "s3cr3t", ""}) {
    keep(url);
    const auto rendering = render();
    EXPECT_FALSE(rendering.ok) << url;
    EXPECT_NE(status_, OPI_OK);
    EXPECT_TRUE(rendering.retryable) << "who stored the secret can mend it";
    EXPECT_EQ(rendering.unusable_purpose, "endpoint");
    EXPECT_THAT(rendering.error, Not(HasSubstr("s3cr3t")));
  }
  keep("https://hooks.receiver.example/" + std::string(RequestLimits::url_bytes - 31, 'a'));
  EXPECT_TRUE(render().ok) << "at the limit";
  keep("https://hooks.receiver.example/" + std::string(RequestLimits::url_bytes - 30, 'a'));
  EXPECT_THAT(render().error, HasSubstr("longer than 2048 bytes"));
}

TEST_F(SecretUrl, NeedsADeclaredSlotAndACredential) {
  EXPECT_THAT(render().error, HasSubstr("no credential for the purpose \"endpoint\""));
  EXPECT_EQ(status_, OPI_E_NOT_FOUND);
  keep("https://hooks.receiver.example/s3cr3t");
  const auto rendering = render("signing");
  EXPECT_THAT(rendering.error, HasSubstr("which its manifest does not declare"));
  EXPECT_FALSE(rendering.retryable);
  EXPECT_THAT(rendering.used_purposes, IsEmpty());
}

// Takes its URL from a slot or from its configuration, and puts another secret into a header or under a MAC.
class SecretsElsewhere : public SecretUrl {
 protected:
  SecretsElsewhere() {
    component_.slots.push_back({"key", ""});
    secrets_.purposes.push_back({"key", {{std::make_shared<const secrets::Secret>("k3y"), "1"}}, {}});
  }
  delivery::Rendering to(std::string_view url, bool with_header, bool with_mac = false) {
    RequestAssembly assembly(component_, destination_, secrets_);
    const auto out = assembly.out();
    if (with_header) out.ops->header_secret(out.impl, raw("X-Key"), raw(""), raw("key"), raw(""));
    if (with_mac)
      out.ops->mac(
          out.impl, raw("key"), OPI_MAC_HMAC_SHA256, {}, [](void*, opi_bytes, opi_str) {}, nullptr);
    if (url.empty())
      out.ops->url_secret(out.impl, raw("endpoint"));
    else
      out.ops->url(out.impl, raw(url));
    return std::move(assembly).finish("test");
  }
};

TEST_F(SecretsElsewhere, GoOnlyToTheEndpointOrAHostThatTheManifestNames) {
  component_.egress = {"*", "api.vendor.example"};
  for (const auto* url : {"https://hooks.receiver.example/x", "https://api.vendor.example/x"}) {
    EXPECT_TRUE(to(url, true, true).ok) << url;
    EXPECT_FALSE(to(url, true).elsewhere) << url;
  }
  EXPECT_TRUE(to("https://other.example/x", false).ok) << "without a secret";
  EXPECT_TRUE(to("https://other.example/x", false).elsewhere) << "so that the host adds none of its own";
  for (const auto& refused : {to("https://other.example/x", true), to("https://other.example/x", false, true)}) {
    EXPECT_FALSE(refused.ok);
    EXPECT_FALSE(refused.retryable);
    EXPECT_THAT(refused.error, HasSubstr("a secret goes to the endpoint's alone"));
  }
}

TEST_F(SecretsElsewhere, DoNotFollowASecretUrl) {
  const auto keep_url = [this](std::string_view url) {
    secrets_.purposes.push_back({"endpoint", {{std::make_shared<const secrets::Secret>(url), "1"}}, {}});
  };
  keep_url("https://else.receiver.example/T00/s3cr3t");
  EXPECT_TRUE(to("", false).ok);
  EXPECT_TRUE(to("", false).elsewhere);
  EXPECT_FALSE(to("", true).ok);
  secrets_.purposes.pop_back();
  keep_url("https://hooks.receiver.example/T00/s3cr3t");
  EXPECT_TRUE(to("", true).ok);
  EXPECT_FALSE(to("", true).elsewhere);
}

// One that is no key would spoil every request until it goes: it may be what was mended.
TEST_F(SecretsElsewhere, AFormerValueSignsBesideTheCurrentOneUnlessItIsNoKey) {
  const auto macs = [&](std::string_view former) {
    secrets_.purposes.back().versions.resize(1);
    secrets_.purposes.back().versions.push_back({std::make_shared<const secrets::Secret>(former), "0", true});
    RequestAssembly assembly(component_, destination_, secrets_);
    const auto out = assembly.out();
    std::string versions;
    const auto status = out.ops->mac(
        out.impl, raw("key"), OPI_MAC_HMAC_SHA256, {},
        [](void* all, opi_bytes, opi_str version) { static_cast<std::string*>(all)->append(view(version)); },
        &versions);
    EXPECT_EQ(status, OPI_OK);
    return versions;
  };
  EXPECT_EQ(macs("former"), "10");
  EXPECT_EQ(macs("whsec_!"), "1");
  RequestAssembly assembly(component_, destination_, secrets_);
  const auto out = assembly.out();
  out.ops->header_secret(out.impl, raw("X-Key"), raw(""), raw("key"), raw(""));
  out.ops->url(out.impl, raw("https://hooks.receiver.example/x"));
  EXPECT_EQ(std::move(assembly).finish("test").request.headers.front().value, "k3y") << "it never authorises";
}

}  // namespace
}  // namespace opi::plugins
