#include "daemon/state_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <stdexcept>

#include "support/temporary_folder.hpp"

namespace opi::daemon {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class StateDirectory : public testing::Test {
 protected:
  static unsigned mode_of(const fs::path& path) {
    struct stat status {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
    return status.st_mode & 07777;
  }
  std::string refusal() {
    try {
      secure_state_directory(state);
      return "";
    } catch (const std::runtime_error& refused) {
      return refused.what();
    }
  }

  test::TemporaryFolder folder;
  const fs::path state = folder.path() / "below" / "state";
};

TEST_F(StateDirectory, IsMadeForItsOwnerAlone) {
  secure_state_directory(state);
  EXPECT_EQ(mode_of(state), 0700U);
}

TEST_F(StateDirectory, IsClosedWhereItWasOpen) {
  secure_state_directory(state);
  std::ofstream(state / "something") << "";
  for (const mode_t mode : {0777U, 0755U, 0770U, 0701U}) {
    ASSERT_EQ(::chmod(state.c_str(), mode), 0);
    secure_state_directory(state);
    EXPECT_EQ(mode_of(state), 0700U) << mode;
  }
}

TEST_F(StateDirectory, MustBeADirectory) {
  fs::create_directories(state.parent_path());
  std::ofstream(state) << "";
  EXPECT_THAT(refusal(), HasSubstr("general.state_directory"));
}

TEST_F(StateDirectory, WhatAnotherUserPutThereIsNotWorkedWith) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  secure_state_directory(state);
  std::ofstream(state / "planted") << "";
  ASSERT_EQ(::lchown((state / "planted").c_str(), 65534, 65534), 0);
  EXPECT_THAT(refusal(), HasSubstr("planted belongs to another user"));
  ASSERT_EQ(::lchown((state / "planted").c_str(), 0, 0), 0);
  EXPECT_EQ(refusal(), "");
  fs::create_directories(state / "plugins" / "deeper");
  std::ofstream(state / "plugins" / "deeper" / "hidden") << "";
  ASSERT_EQ(::lchown((state / "plugins" / "deeper" / "hidden").c_str(), 65534, 65534), 0);
  EXPECT_THAT(refusal(), HasSubstr("hidden belongs to another user"));
  fs::remove_all(state / "plugins");
  fs::create_directory_symlink("/", state / "away");
  EXPECT_EQ(refusal(), "") << "links are not followed";
  ASSERT_EQ(::lchown(state.c_str(), 65534, 65534), 0);
  EXPECT_THAT(refusal(), HasSubstr("belongs to another user"));
}

}  // namespace
}  // namespace opi::daemon
