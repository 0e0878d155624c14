#include "secret_providers/api_server_lab.hpp"
#include "secret_providers/files_lab.hpp"

// The providers that production uses, where plugins.isolation is "process": each in a process of its own, which may
// make no system call and read no file but what its manifest says it needs.
namespace opi::plugins::testing {
namespace {

using secrets::ResolveStatus;
using ::testing::HasSubstr;
using ::testing::Not;

class IsolatedFiles : public FilesLab, public ::testing::WithParamInterface<const char*> {
 protected:
  IsolatedFiles() : FilesLab(GetParam()) {
    lab_.emplace(OPI_TEST_SECRETS_FILES, "files", R"({"root":")" + root().string() + "\"}", true,
                 IsolationRule::process);
  }
};

TEST_P(IsolatedFiles, AreReadOnADiskAndInMemory) {
  write("acme/hook/signing", "whsec_abc\n");
  const auto found = signing();
  ASSERT_EQ(found.status, ResolveStatus::ok) << found.failure;
  EXPECT_EQ(values_of(found), "whsec_abc");
  // What others can read is accepted by where it lies, which the process has to find out.
  write("acme/hook/signing", "whsec_other\n", of_kubelet);
  const auto readable = signing();
  EXPECT_THAT(readable.failure, Not(HasSubstr("died")));
  EXPECT_TRUE(readable.status == ResolveStatus::ok || readable.status == ResolveStatus::denied) << readable.failure;
  const bool in_memory = std::string_view(GetParam()) == "/dev/shm";
  EXPECT_EQ(values_of(readable), in_memory || readable.status == ResolveStatus::ok ? "whsec_other" : "");
}

TEST_P(IsolatedFiles, AFileThatCannotBeAValueFailsAlone) {
  write("acme/hook/signing", "whsec_abc\n");
  write("acme/hook/large", std::string(65537, 'x'));
  EXPECT_THAT(lab_->inquire("file://acme/hook/large", {"large", "signing"}), HasSubstr("signing = whsec_abc; large: "));
}

INSTANTIATE_TEST_SUITE_P(Places, IsolatedFiles, ::testing::Values("/var/tmp", "/dev/shm"));

class IsolatedKubernetes : public ApiServerLab {};

TEST_F(IsolatedKubernetes, ReadsWithAKubeconfigThatHoldsAllItself) {
  serve();
  const auto inlined = [&](const std::string& name) { return base64(read_file(certificates_->file(name))); };
  write_file(directory_ / "kubeconfig",
             R"({"apiVersion":"v1","kind":"Config","current-context":"x",)"
             R"("contexts":[{"name":"x","context":{"cluster":"x","user":"x"}}],)"
             R"("clusters":[{"name":"x","cluster":{"server":"https://127.0.0.1:)" +
                 std::to_string(server_->port()) + R"(","certificate-authority-data":")" + inlined("ca.crt") +
                 R"("}}],"users":[{"name":"x","user":{"client-certificate-data":")" + inlined("client.crt") +
                 R"(","client-key-data":")" + inlined("client.key") + "\"}}]}");
  lab_.emplace(OPI_TEST_SECRETS_KUBERNETES, "kubernetes",
               R"({"access":")" + (directory_ / "kubeconfig").string() + "\"}", true, IsolationRule::process);
  const auto first = ask();
  ASSERT_EQ(first.status, ResolveStatus::ok) << first.failure << lab_->log();
  EXPECT_EQ(values_of(first), "whsec_first");
  EXPECT_EQ(ask(first.version).status, ResolveStatus::not_modified) << "on the connection that it kept";
}

}  // namespace
}  // namespace opi::plugins::testing
