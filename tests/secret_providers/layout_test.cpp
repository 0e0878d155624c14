#include "secret_providers/files_lab.hpp"

namespace opi::plugins::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class FlatFiles : public FilesLab {};

TEST_F(FlatFiles, ALayoutMapsReferencesToNames) {
  write("acme.hook.signing", "flat");
  provider(R"(,"layout":"{tenant}.{secret}.{key}")");
  EXPECT_EQ(values_of(signing()), "flat");
  write("signing", "one");
  provider(R"(,"layout":"{key}","tenant":"acme")");
  EXPECT_EQ(values_of(signing()), "one");
  write("hook/signing", "two");
  provider(R"(,"layout":"{secret}/{key}","tenant":"acme")");
  EXPECT_EQ(values_of(signing()), "two");
  EXPECT_THAT(lab_->reference_fault("file://globex/hook/signing", "globex"), HasSubstr("another tenant"));
  EXPECT_THAT(lab_->reference_fault("file://globex/hook/signing", "acme"), HasSubstr("another tenant"));
  EXPECT_THAT(lab_->reference_fault("file://acme/hook/..data"), HasSubstr("two dots"));
  EXPECT_THAT(lab_->reference_fault("file://acme/hook/" + std::string(254, 'x')), HasSubstr("malformed {key}"));
}

TEST_F(FlatFiles, TheDirectoryThatSystemdGivesIsARoot) {
  write("acme.hook.signing", "given", fs::perms::owner_read);
  fs::permissions(root(), fs::perms::owner_read | fs::perms::owner_exec);
  provider(R"(,"layout":"{tenant}.{secret}.{key}")");
  EXPECT_EQ(values_of(signing()), "given");
  // The host puts it in the variable's place; where it has none, the name arrives.
  lab_.emplace(OPI_TEST_SECRETS_FILES, "files",
               R"({"root":"$CREDENTIALS_DIRECTORY","layout":"{tenant}.{secret}.{key}"})");
  EXPECT_THAT(lab_->refusal(), HasSubstr("LoadCredential="));
  fs::permissions(root(), fs::perms::owner_all);
}

TEST_F(FlatFiles, ConfigurationsThatWouldShareFilesAmongTenantsAreRefused) {
  const auto refusal = [&](const std::string& more) { return provider(more).refusal(); };
  EXPECT_THAT(refusal(R"(,"layout":"{secret}/{key}")"), HasSubstr("all tenants would share"));
  for (const auto* const layout :
       {"{tenant}-{secret}/{key}", "{tenant}{secret}/{key}", "{secret}.{tenant}/{key}", "{tenant}_{key}"})
    EXPECT_THAT(refusal(R"(,"layout":")" + std::string(layout) + "\""), HasSubstr("two tenants could come to one file"))
        << layout;
  for (const auto* const layout : {"{tenant}/{key}/{secret}", "{tenant}/{secret}", "{tenant}/{key}.{key}"})
    EXPECT_THAT(refusal(R"(,"layout":")" + std::string(layout) + "\""), HasSubstr("{key} must stand")) << layout;
  for (const auto* const layout :
       {"/{tenant}/{key}", "{tenant}/../{key}", "{tenant}//{key}", "{tenant}/{purpose}/{key}", "{tenant}/./{key}"})
    EXPECT_FALSE(refusal(R"(,"layout":")" + std::string(layout) + "\"").empty()) << layout;
  EXPECT_THAT(refusal(R"(,"layout":"v1/{secret}/x{tenant}.d/{key}")"), IsEmpty());
  EXPECT_THAT(refusal(R"(,"max_bytes":65537)"), HasSubstr("max_bytes"));
  EXPECT_THAT(refusal(R"(,"max_bytes":0)"), HasSubstr("max_bytes"));
  EXPECT_THAT(refusal(R"(,"ttl_seconds":61)"), HasSubstr("ttl_seconds"));
  const ProviderLab relative(OPI_TEST_SECRETS_FILES, "files", R"({"root":"secrets"})");
  EXPECT_THAT(relative.refusal(), HasSubstr("root"));
}

}  // namespace
}  // namespace opi::plugins::testing
