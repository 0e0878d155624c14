#include "audit/signing_key_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <vector>

#include "support/temporary_folder.hpp"

namespace opi::audit {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

class SigningKeyFile : public testing::Test {
 protected:
  std::string failure() {
    try {
      open_signing_key(file);
      return "";
    } catch (const std::runtime_error& error) {
      return error.what();
    }
  }
  const test::TemporaryFolder folder;
  const fs::path file = folder.path() / "key.pem";
};

TEST_F(SigningKeyFile, IsMadeOncePrivateAndReadAgain) {
  const auto key = open_signing_key(file);
  struct stat status {};
  ASSERT_EQ(::stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_EQ(open_signing_key(file).public_key(), key.public_key());
}

TEST_F(SigningKeyFile, IsNotMadeWhereItIsTheSameForAllNodes) {
  EXPECT_FALSE(read_signing_key(file));
  try {
    open_signing_key(file, MissingKey::refused);
    ADD_FAILURE() << "made a key";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr(file.string() + " is not there"));
  }
  EXPECT_FALSE(fs::exists(file));
  const auto key = open_signing_key(file);
  EXPECT_EQ(open_signing_key(file, MissingKey::refused).public_key(), key.public_key());
  EXPECT_EQ(read_signing_key(file)->public_key(), key.public_key());
}

TEST_F(SigningKeyFile, IsTheSameForAllProgramsThatMakeItAtOnce) {
  std::vector<pid_t> children;
  for (int i = 0; i < 8; ++i) {
    children.push_back(::fork());
    if (children.back() == 0) {
      open_signing_key(file);  // an exception ends the child with a signal
      ::_exit(0);
    }
  }
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(open_signing_key(file).public_key(), open_signing_key(file).public_key());
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), {}), 1) << "a part was left behind";
}

TEST_F(SigningKeyFile, IsRefusedByNameIfItIsOpenToOthersOrNoKey) {
  open_signing_key(file);
  fs::permissions(file, fs::perms::others_read, fs::perm_options::add);
  EXPECT_THAT(failure(), HasSubstr(file.string() + " may be readable by its owner only"));
  fs::remove(file);
  std::ofstream(file) << "not a key";
  fs::permissions(file, fs::perms::owner_read);
  EXPECT_THAT(failure(), HasSubstr("is not an unencrypted Ed25519 private key"));
  fs::remove(file);
  fs::create_symlink("/etc/passwd", file);
  EXPECT_THAT(failure(), HasSubstr("may be readable by its owner only"));
  fs::remove(file);
  fs::create_symlink("/etc", file);
  EXPECT_THAT(failure(), HasSubstr("is no file"));
}

// kubelet makes a link to root's file, which the pod's group may read.
TEST_F(SigningKeyFile, MayBeAMountedSecret) {
  const auto key = open_signing_key(folder.path() / "..data");
  fs::create_symlink("..data", file);
  EXPECT_EQ(open_signing_key(file, MissingKey::refused).public_key(), key.public_key());
  const auto open = [](uid_t owner, mode_t mode) {
    struct stat status {};
    status.st_uid = owner;
    status.st_mode = S_IFREG | mode;
    return is_open_to_others(status);
  };
  EXPECT_FALSE(open(0, 0440));
  EXPECT_FALSE(open(0, 0640));
  EXPECT_FALSE(open(1000, 0600));
  for (const mode_t mode : {0444u, 0460u, 0620u, 0601u, 0602u, 0650u}) EXPECT_TRUE(open(0, mode)) << mode;
  for (const mode_t mode : {0440u, 0640u, 0604u}) EXPECT_TRUE(open(1000, mode)) << mode;
}

}  // namespace
}  // namespace opi::audit
