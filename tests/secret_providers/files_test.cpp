#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "secret_providers/files_lab.hpp"
#include "secret_providers/volume_writer.hpp"

namespace opi::plugins::testing {
namespace {

using secrets::ResolveStatus;
using ::testing::HasSubstr;
using ::testing::Not;

class Files : public FilesLab {};

TEST_F(Files, GivesTheValueOfAFileWithoutOneNewline) {
  write("acme/hook/signing", "whsec_abc\n");
  const auto found = signing();
  ASSERT_EQ(found.status, ResolveStatus::ok) << found.failure;
  EXPECT_EQ(values_of(found), "whsec_abc");
  EXPECT_EQ(found.ttl, std::chrono::seconds{5});
  write("acme/hook/signing", "two\n\n");
  EXPECT_EQ(values_of(signing()), "two\n");
  provider(R"(,"trailing_newline":"keep","ttl_seconds":60)");
  EXPECT_EQ(values_of(signing()), "two\n\n");
  EXPECT_EQ(signing().ttl, std::chrono::seconds{60});
}

TEST_F(Files, AnswersSeveralKeysAndSaysWhichAreAbsent) {
  write("acme/hook/signing", "s");
  write("acme/hook/other", "o");
  EXPECT_EQ(values_of(provider().resolve("file://acme/hook/signing", {"signing", "missing", "other"})), "s,(absent),o");
  EXPECT_EQ(ask("file://acme/nothing/signing").status, ResolveStatus::not_found);
  EXPECT_THAT(ask("file://acme/nothing/signing").failure, HasSubstr("no directory of that secret"));
}

TEST_F(Files, TellsByStatAloneThatNothingChanged) {
  write("acme/hook/signing", "s");
  write("acme/hook/other", "o");
  auto& lab = provider();
  // A file that was written a moment ago could be written again without a trace in its times.
  std::string version;
  do version = lab.resolve("file://acme/hook/signing", {"signing", "other"}).version;
  while (version.find('~') != std::string::npos);
  EXPECT_EQ(lab.resolve("file://acme/hook/signing", {"other", "signing"}, version).status, ResolveStatus::not_modified)
      << "in whatever order";
  write("acme/hook/new", "t");
  fs::rename(root() / "acme/hook/new", root() / "acme/hook/other");
  const auto renamed = lab.resolve("file://acme/hook/signing", {"other", "signing"}, version);
  EXPECT_EQ(values_of(renamed), "t,s");
  fs::remove(root() / "acme/hook/other");
  EXPECT_EQ(values_of(lab.resolve("file://acme/hook/signing", {"other", "signing"}, renamed.version)), "(absent),s");
}

TEST_F(Files, AFileThatIsWrittenInPlaceIsNeverTakenForTheOneBefore) {
  auto& lab = provider();
  std::string version;
  int unsettled = 0;
  for (int i = 0; i < 200; ++i) {
    const auto value = "value-" + std::to_string(100 + i);  // all of one length, many within one tick of the clock
    write("acme/hook/signing", value);
    const auto found = lab.resolve("file://acme/hook/signing", {}, version);
    ASSERT_EQ(found.status, ResolveStatus::ok) << i << " " << found.failure;
    ASSERT_EQ(values_of(found), value);
    version = found.version;
    unsettled += version.find('~') != std::string::npos ? 1 : 0;
  }
  EXPECT_GT(unsettled, 0) << "a version that was read within a tick of its writing holds for that one look";
}

TEST_F(Files, AFileThatCannotBeAValueFailsAlone) {
  write("acme/hook/signing", "s");
  write("acme/hook/other", "o");
  const auto asked = [&](const std::string& bad) {
    return (lab_ ? *lab_ : provider()).inquire("file://acme/hook/" + bad, {bad, "signing", "other"});
  };
  write("acme/hook/empty", "");
  EXPECT_EQ(asked("empty"), "signing other = s,o; empty: the file of the secret is empty");
  write("acme/hook/large", std::string(65537, 'x'));
  EXPECT_THAT(asked("large"), HasSubstr("signing other = s,o; large: the file of the secret is larger than"));
  write("acme/hook/rendered", "<no value>");
  EXPECT_THAT(asked("rendered"), HasSubstr("signing other = s,o; rendered: the file of the secret holds the text"));
  write("acme/hook/writable", "w", own_only | fs::perms::others_write);
  EXPECT_THAT(asked("writable"), HasSubstr("signing other = s,o; writable: \"writable\" can be written"));
  fs::create_symlink("/etc/hostname", root() / "acme/hook/outside");
  EXPECT_THAT(asked("outside"), HasSubstr("signing other = s,o; outside: a symbolic link with an absolute path"));
  fs::create_directory(root() / "acme/hook/folder");
  EXPECT_THAT(asked("folder"), HasSubstr("signing other = s,o; folder: \"folder\" is not a regular file"));
}

TEST_F(Files, ReadsNothingButRegularFilesOfABoundedSize) {
  write("acme/hook/empty", "\n");
  EXPECT_EQ(ask("file://acme/hook/empty").status, ResolveStatus::invalid);
  write("acme/hook/none", "");
  EXPECT_THAT(ask("file://acme/hook/none").failure, HasSubstr("is empty"));
  ASSERT_EQ(::mkfifo((root() / "acme/hook/fifo").c_str(), 0600), 0);
  EXPECT_THAT(ask("file://acme/hook/fifo").failure, HasSubstr("not a regular file"));
  fs::create_directory(root() / "acme/hook/folder");
  EXPECT_THAT(ask("file://acme/hook/folder").failure, HasSubstr("not a regular file"));
  write("acme/file", "x");
  EXPECT_THAT(ask("file://acme/file/signing").failure, HasSubstr("not a directory"));
  write("acme/hook/largest", std::string(65536, 'x') + "\n");
  EXPECT_EQ(ask("file://acme/hook/largest").status, ResolveStatus::ok);
  write("acme/hook/larger", std::string(65537, 'x'));
  EXPECT_EQ(ask("file://acme/hook/larger").status, ResolveStatus::invalid);
  provider(R"(,"max_bytes":3)");
  write("acme/hook/three", "abc\n");
  EXPECT_EQ(values_of(ask("file://acme/hook/three")), "abc");
  write("acme/hook/four", "abcd");
  EXPECT_THAT(ask("file://acme/hook/four").failure, HasSubstr("max_bytes"));
}

TEST_F(Files, RefusesWhatATemplateRendersForNothing) {
  write("acme/hook/signing", "<no value>\n");
  const auto found = signing();
  EXPECT_EQ(found.status, ResolveStatus::invalid);
  EXPECT_THAT(found.failure, HasSubstr("no such key"));
}

TEST_F(Files, RefusesWhatAnUnrelatedUserCouldHaveWritten) {
  for (const auto perm : {fs::perms::group_write, fs::perms::others_write, fs::perms::others_read}) {
    write("acme/hook/signing", "x", own_only | perm);
    struct statfs system {};
    ASSERT_EQ(::statfs(root().c_str(), &system), 0);
    if (perm == fs::perms::others_read && system.f_type == 0x01021994) continue;  // in memory: see below
    EXPECT_EQ(signing().status, ResolveStatus::denied);
    EXPECT_THAT(signing().failure, HasSubstr("chmod 600"));
  }
  write("acme/hook/signing", "x", own_only | fs::perms::group_read);
  EXPECT_EQ(signing().status, ResolveStatus::ok) << "its group may read it";
  for (const auto* const directory : {"acme/hook", "acme", "."})
    for (const auto perm : {fs::perms::group_write, fs::perms::others_write}) {
      fs::permissions(root() / directory, perm, fs::perm_options::add);
      EXPECT_EQ(signing().status, ResolveStatus::denied) << directory;
      EXPECT_THAT(signing().failure, HasSubstr("chmod go-w"));
      fs::permissions(root() / directory, fs::perms::sticky_bit, fs::perm_options::add);
      EXPECT_EQ(signing().status, ResolveStatus::ok) << "in a sticky one nobody replaces another's";
      fs::permissions(root() / directory, fs::perms::owner_all);
    }
}

TEST_F(Files, RefusesWhatBelongsToAnotherUserUnlessListed) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  write("acme/hook/signing", "x");
  for (const auto* const name : {"acme/hook/signing", "acme/hook", "acme", "."}) {
    ASSERT_EQ(::chown((root() / name).c_str(), 65534, 65534), 0);
    provider();
    EXPECT_EQ(signing().status, ResolveStatus::denied) << name;
    EXPECT_THAT(signing().failure, HasSubstr("belongs to user 65534")) << name;
    provider(R"(,"owner_uids":[100,65534])");
    EXPECT_EQ(signing().status, ResolveStatus::ok) << name;
    ASSERT_EQ(::chown((root() / name).c_str(), 0, 0), 0);
  }
  // A link in a directory where anybody may add something is judged like a file.
  fs::create_symlink("signing", root() / "acme/hook/link");
  provider();
  EXPECT_EQ(ask("file://acme/hook/link").status, ResolveStatus::ok);
  ASSERT_EQ(::lchown((root() / "acme/hook/link").c_str(), 65534, 65534), 0);
  EXPECT_EQ(ask("file://acme/hook/link").status, ResolveStatus::denied);
}

TEST_F(Files, FollowsSymbolicLinksInsideOfItsRootAlone) {
  write("acme/hook/signing", "inside");
  std::ofstream(top_ / "outside") << "outside";
  fs::permissions(top_ / "outside", own_only);
  const auto through = [&](const std::string& target) {
    fs::remove(root() / "acme/hook/link");
    fs::create_symlink(target, root() / "acme/hook/link");
    return ask("file://acme/hook/link");
  };
  EXPECT_EQ(values_of(through("signing")), "inside");
  EXPECT_EQ(values_of(through("../../acme/./hook//signing")), "inside");
  EXPECT_THAT(through("../../../outside").failure, HasSubstr("leads out of the root"));
  EXPECT_THAT(through("../../../root/acme/hook/signing").failure, HasSubstr("leads out of the root"));
  EXPECT_THAT(through((root() / "acme/hook/signing").string()).failure, HasSubstr("absolute path"));
  EXPECT_THAT(through("link").failure, HasSubstr("in a circle"));
  EXPECT_THAT(through("..").failure, HasSubstr("not a regular file"));
  fs::create_directory_symlink("../..", root() / "acme/up");
  EXPECT_THAT(ask("file://acme/up/signing").failure, HasSubstr("leads out of the root"));
  EXPECT_EQ(ask("file://acme/up/signing").status, ResolveStatus::denied);
  fs::create_directory_symlink("hook", root() / "acme/same");
  EXPECT_EQ(values_of(ask("file://acme/same/signing")), "inside");
}

TEST_F(Files, ALinkToNothingLeavesTheOldValueInUse) {
  fs::create_directories(root() / "acme/hook");
  fs::create_symlink("gone", root() / "acme/hook/signing");
  EXPECT_EQ(signing().status, ResolveStatus::unavailable) << "not absent: a rename may be on its way";
}

TEST_F(Files, KubeletsLeftOverIsTold) {
  VolumeWriter volume(root() / "acme/hook");
  volume.write({{"signing", "s"}});
  fs::create_symlink("..nothing", root() / "acme/hook/..data_tmp");
  auto& lab = provider();
  EXPECT_EQ(values_of(signing()), "s");
  EXPECT_THAT(lab.log(), Not(HasSubstr("restart the pod"))) << "every update has one for a moment";
  timespec old[2]{{::time(nullptr) - 61, 0}, {::time(nullptr) - 61, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (root() / "acme/hook/..data_tmp").c_str(), old, AT_SYMLINK_NOFOLLOW), 0);
  EXPECT_EQ(values_of(signing()), "s");
  EXPECT_EQ(values_of(signing()), "s");
  const auto log = lab.log();
  EXPECT_THAT(log, HasSubstr("restart the pod"));
  EXPECT_EQ(log.find("restart the pod"), log.rfind("restart the pod")) << "once";
}

// Every writer of the issue leaves files in memory.
class FilesInMemory : public FilesLab {
 protected:
  FilesInMemory() : FilesLab("/dev/shm") {}
  void SetUp() override {
    struct statfs system {};
    if (::statfs("/dev/shm", &system) != 0 || system.f_type != 0x01021994) GTEST_SKIP() << "no tmpfs at /dev/shm";
  }
};

TEST_F(FilesInMemory, KubeletsModesAreAccepted) {
  fs::permissions(root(), fs::perms::all | fs::perms::sticky_bit);
  VolumeWriter volume(root() / "acme/hook");
  fs::permissions(root() / "acme/hook", fs::perms::all | fs::perms::sticky_bit);
  volume.mode = of_kubelet;
  volume.write({{"signing", "s1"}, {"other", "o1"}});
  auto& lab = provider();
  EXPECT_EQ(values_of(lab.resolve("file://acme/hook/signing", {"signing", "other"})), "s1,o1");
  volume.write({{"signing", "s2"}});
  EXPECT_EQ(values_of(lab.resolve("file://acme/hook/signing", {"signing", "other"})), "s2,(absent)")
      << "a link that kubelet has not taken away yet";
}

TEST_F(FilesInMemory, NoReadMixesTwoVersionsAndNoneFailsWhileTheVolumeIsWritten) {
  VolumeWriter volume(root() / "acme/hook");
  const auto write_number = [&](int i) {
    const auto number = std::to_string(i);
    volume.write({{"one", number}, {"two", number}, {"three", number}});
  };
  write_number(0);
  auto& lab = provider();
  std::atomic<bool> done = false;
  std::atomic<int> reads = 0;
  int last = 0;
  std::thread writer([&] {
    while (last < 10'000 || reads < 1'000) write_number(++last);
    done = true;
  });
  int mixed = 0, failed = 0;
  std::string failure;
  while (!done) {
    const auto found = lab.resolve("file://acme/hook/one", {"one", "two", "three"});
    ++reads;
    if (found.status != ResolveStatus::ok) {
      ++failed;
      failure = found.failure;
      continue;
    }
    const auto all = values_of(found);
    const auto one = all.substr(0, all.find(','));
    mixed += all != one + "," + one + "," + one ? 1 : 0;
  }
  writer.join();
  EXPECT_EQ(mixed, 0);
  EXPECT_EQ(failed, 0) << failure;
  const auto number = std::to_string(last);
  EXPECT_EQ(values_of(lab.resolve("file://acme/hook/one", {"one", "two", "three"})),
            number + "," + number + "," + number);
}

TEST_F(FilesInMemory, AVolumeOfManySecretsIsOneVersionToo) {
  VolumeWriter volume(root());
  fs::create_directories(root() / "..first/acme/hook");
  std::ofstream(root() / "..first/acme/hook/signing") << "s";
  fs::permissions(root() / "..first/acme/hook/signing", of_kubelet);
  fs::create_directory_symlink("..first", root() / "..data");
  fs::create_directory_symlink("..data/acme", root() / "acme");
  EXPECT_EQ(values_of(signing()), "s");
}

}  // namespace
}  // namespace opi::plugins::testing
