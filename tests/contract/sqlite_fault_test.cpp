#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <thread>

#include "crypto/digest.hpp"
#include "domain/store_errors.hpp"
#include "sqlite/sqlite_delivery_store.hpp"
#include "sqlite/transaction.hpp"
#include "support/manual_clock.hpp"
#include "support/temporary_folder.hpp"

namespace opi::test {
namespace {

using delivery::InsertResult;
using sqlite::SqliteDatabase;
using sqlite::SqliteOptions;
using testing::Each;
using namespace std::chrono_literals;

delivery::NewEvent big_event(int number) {
  delivery::NewEvent made;
  made.event.tenant_id = TenantId::parse("acme").value();
  made.event.event_id = EventId::parse("e" + std::to_string(number)).value();
  made.event.event_type = "alert.created";
  made.event.payload = std::string(EventLimits::payload_bytes, 'x');
  made.content_hash = crypto::sha256(made.event.payload);
  return made;
}

class SqliteFaults : public testing::Test {
 protected:
  SqliteOptions options() const { return {.path = file(), .busy_timeout = 50ms}; }
  std::string file() const { return (folder_.path() / "opi.db").string(); }
  ManualClock clock_;

 private:
  TemporaryFolder folder_;
};

TEST_F(SqliteFaults, NobodyElseMayReadTheFiles) {
  SqliteDatabase database{options()};
  database.migrate();
  for (const auto* suffix : {"", "-wal", "-shm"}) {
    struct stat status {};
    ASSERT_EQ(::stat((file() + suffix).c_str(), &status), 0) << suffix;
    EXPECT_EQ(status.st_mode & 0777, 0600U) << suffix;
  }
}

// 'S' once it sleeps, as it does when it waits for something.
char state_of_thread(int id) {
  std::ifstream status("/proc/self/task/" + std::to_string(id) + "/stat");
  const std::string text{std::istreambuf_iterator<char>(status), {}};
  return text.at(text.rfind(')') + 2);
}

TEST_F(SqliteFaults, TheWriterGoesToWhoeverHasWaitedLongest) {
  SqliteDatabase database{{.path = file(), .busy_timeout = 60s}};
  std::optional<SqliteDatabase::Lease> lease = database.writer();
  std::atomic<int> waiting_thread = 0;
  std::atomic<bool> had_its_turn = false;
  std::jthread other([&] {
    waiting_thread = ::gettid();
    const auto its_lease = database.writer();
    had_its_turn = true;
  });
  while (waiting_thread == 0 || state_of_thread(waiting_thread) != 'S') std::this_thread::yield();
  lease.reset();
  lease.emplace(database.writer());  // as one does that has more to write
  EXPECT_TRUE(had_its_turn);
}

TEST_F(SqliteFaults, FilesThatAreOpenToOthersAreClosed) {
  {
    SqliteDatabase database{options()};
    database.migrate();
  }
  for (const mode_t mode : {0644U, 0666U, 0640U}) {
    ASSERT_EQ(::chmod(file().c_str(), mode), 0);
    SqliteDatabase database{options()};
    struct stat status {};
    ASSERT_EQ(::stat(file().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U) << mode;
  }
}

TEST_F(SqliteFaults, ASymbolicLinkIsRefusedWhateverItLeadsTo) {
  const auto elsewhere = file() + ".elsewhere";
  std::filesystem::create_symlink(elsewhere, file());
  EXPECT_THROW(SqliteDatabase{options()}, StoreUnavailable);
  EXPECT_FALSE(std::filesystem::exists(elsewhere)) << "nothing was made there";
  std::ofstream{elsewhere} << "";
  EXPECT_THROW(SqliteDatabase{options()}, StoreUnavailable);
}

std::string refusal_of(const SqliteOptions& options) {
  try {
    const SqliteDatabase database{options};
    return "";
  } catch (const StoreUnavailable& failure) {
    return failure.what();
  }
}

TEST_F(SqliteFaults, ADatabaseOfSomebodyElseIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  constexpr uid_t somebody = 65534;
  ASSERT_EQ(refusal_of(options()), "");
  for (const auto* part : {"", "-wal", "-shm", "-journal"}) {
    std::ofstream{file() + part, std::ios::app} << "";
    ASSERT_EQ(::chown((file() + part).c_str(), somebody, somebody), 0);
    EXPECT_THAT(refusal_of(options()),
                testing::HasSubstr(std::string("opi.db") + part + ": it belongs to another user"));
    ASSERT_EQ(::chown((file() + part).c_str(), 0, 0), 0);
  }
  ASSERT_EQ(::chown(file().c_str(), somebody, somebody), 0);
  const auto folder = std::filesystem::path(file()).parent_path();
  ASSERT_EQ(::chown(folder.c_str(), somebody, somebody), 0);
  EXPECT_EQ(refusal_of(options()), "") << "the command line is run by root, too";
}

TEST_F(SqliteFaults, ADatabaseWithASecondNameIsRefused) {
  ASSERT_EQ(refusal_of(options()), "");
  std::filesystem::create_hard_link(file(), file() + ".second");
  EXPECT_THAT(refusal_of(options()), testing::HasSubstr("a hard link"));
  std::filesystem::remove(file() + ".second");
  EXPECT_EQ(refusal_of(options()), "");
}

TEST_F(SqliteFaults, AFolderThatAnybodyMayWriteToIsRefused) {
  const auto folder = std::filesystem::path(file()).parent_path();
  ASSERT_EQ(::chmod(folder.c_str(), 0777), 0);
  EXPECT_THAT(refusal_of(options()), testing::HasSubstr("chmod o-w " + folder.string()));
  EXPECT_FALSE(std::filesystem::exists(file()));
  ASSERT_EQ(::chmod(folder.c_str(), 01777), 0);
  EXPECT_EQ(refusal_of(options()), "") << "as /tmp is";
}

TEST_F(SqliteFaults, AFileThatCannotBeOpenedIsNamed) {
  std::filesystem::create_directory(file());
  try {
    const SqliteDatabase database{options()};
    FAIL() << "a folder was opened";
  } catch (const StoreUnavailable& failure) {
    EXPECT_THAT(failure.what(), testing::HasSubstr("cannot open " + file()));
  }
}

// The operator's command line works on the file beside the daemon. Whoever closes a database last deletes its log;
// that it is not the last it learns from the others' locks.
TEST_F(SqliteFaults, AnotherProcessComingAndGoingLosesNothing) {
  SqliteDatabase database{options()};
  database.migrate();
  sqlite::SqliteDeliveryStore store(database, clock_);
  EXPECT_THAT(store.insert({{big_event(1)}}, 0).results, Each(InsertResult::accepted));
  ASSERT_EQ(std::system(("sqlite3 '" + file() + "' 'select count(*) from integration_events' > /dev/null").c_str()), 0);
  EXPECT_THAT(store.insert({{big_event(2)}}, 0).results, Each(InsertResult::accepted));
  SqliteDatabase other{options()};
  EXPECT_THAT(sqlite::SqliteDeliveryStore(other, clock_).stored({{big_event(1), big_event(2)}}), Each(true));
}

TEST_F(SqliteFaults, WhatWasStoredIsThereAfterReopening) {
  {
    SqliteDatabase database{options()};
    database.migrate();
    EXPECT_THAT(sqlite::SqliteDeliveryStore(database, clock_).insert({{big_event(1)}}, 0).results,
                Each(InsertResult::accepted));
  }
  SqliteDatabase database{options()};
  database.migrate();
  EXPECT_THAT(sqlite::SqliteDeliveryStore(database, clock_).stored({{big_event(1)}}), Each(true));
}

TEST_F(SqliteFaults, AFolderThatDoesNotExistIsNamed) {
  try {
    SqliteDatabase database{{.path = "/nonexistent/opi.db"}};
    FAIL() << "was opened";
  } catch (const StoreUnavailable& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("/nonexistent/opi.db"));
  }
}

TEST_F(SqliteFaults, AFileOfAnotherKindIsNotTouched) {
  const std::string content(8192, 'x');
  std::ofstream{file()} << content;
  EXPECT_THROW(SqliteDatabase{options()}, StoreUnavailable);
  std::ifstream stream{file()};
  EXPECT_EQ((std::string{std::istreambuf_iterator<char>{stream}, {}}), content);
}

TEST_F(SqliteFaults, AFullDiskChangesNothingAndIsSaid) {
  auto bounded = options();
  bounded.max_pages = 200;  // room for the schema and not for three payloads
  SqliteDatabase database{bounded};
  database.migrate();
  sqlite::SqliteDeliveryStore store{database, clock_};
  const std::vector<delivery::NewEvent> events{big_event(1), big_event(2), big_event(3)};
  EXPECT_THROW(store.insert(events, 0), StoreUnavailable);
  EXPECT_THAT(store.stored(events), Each(false));
  EXPECT_THAT(store.insert(std::span{events}.first(1), 0).results, Each(InsertResult::accepted));
}

TEST_F(SqliteFaults, AnotherWriterIsWaitedForNoLongerThanTheTimeout) {
  SqliteDatabase database{options()}, other{options()};
  database.migrate();
  sqlite::SqliteDeliveryStore store{database, clock_};
  {
    const auto session = other.writer();
    const sqlite::Transaction held{*session};
    EXPECT_THROW(store.insert({{big_event(1)}}, 0), StoreUnavailable);
    EXPECT_THAT(store.stored({{big_event(1)}}), Each(false));  // readers go on
  }
  EXPECT_THAT(store.insert({{big_event(1)}}, 0).results, Each(InsertResult::accepted));
}

TEST_F(SqliteFaults, ABusySessionIsWaitedForNoLongerThanTheTimeout) {
  SqliteDatabase database{options()};
  const auto held = database.writer();
  EXPECT_THROW(database.writer(), StoreUnavailable);
}

}  // namespace
}  // namespace opi::test
