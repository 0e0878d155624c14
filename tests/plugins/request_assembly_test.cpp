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

}  // namespace
}  // namespace opi::plugins
