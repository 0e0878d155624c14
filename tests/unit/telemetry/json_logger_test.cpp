#include "telemetry/json_logger.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <filesystem>
#include <fstream>
#include <limits>
#include <system_error>
#include <thread>

namespace opi::telemetry {
namespace {

class JsonLog : public testing::Test {
 protected:
  JsonLog() {
    std::string pattern = (std::filesystem::temp_directory_path() / "opi-log-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~JsonLog() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string path(const char* name = "log") const { return folder_ / name; }
  [[nodiscard]] std::vector<boost::json::object> records(const char* name = "log") const {
    std::vector<boost::json::object> result;
    std::ifstream stream(path(name));
    for (std::string line; std::getline(stream, line);) result.push_back(boost::json::parse(line).as_object());
    return result;
  }

  std::filesystem::path folder_;
};

TEST_F(JsonLog, WritesOneObjectALineWithTimeLevelEventAndFields) {
  JsonLogger log(path(), Level::info);
  log.warning(
      "delivery.attempt",
      {{"text", "x"}, {"count", 7}, {"big", std::int64_t{9'007'199'254'740'993}}, {"share", 0.25}, {"ok", true}});
  const auto lines = records();
  ASSERT_EQ(lines.size(), 1u);
  const auto& line = lines[0];
  EXPECT_EQ(line.at("level").as_string(), "warning");
  EXPECT_EQ(line.at("event").as_string(), "delivery.attempt");
  EXPECT_EQ(line.at("text").as_string(), "x");
  EXPECT_EQ(line.at("count").as_int64(), 7);
  EXPECT_EQ(line.at("big").as_int64(), 9'007'199'254'740'993);
  EXPECT_EQ(line.at("share").as_double(), 0.25);
  EXPECT_TRUE(line.at("ok").as_bool());
  const std::string time = line.at("time").as_string().c_str();
  ASSERT_EQ(time.size(), 24u);
  EXPECT_EQ(time[10], 'T');
  EXPECT_EQ(time[19], '.');
  EXPECT_EQ(time.back(), 'Z');
}

TEST_F(JsonLog, EscapesWhatWouldEndTheStringOrTheLine) {
  JsonLogger log(path(), Level::info);
  const std::string nasty = std::string("quote\" back\\ new\nline\r tab\t nul") + '\0' + " esc\x1b ü 🚀";
  log.info("event", {{"text", nasty}, {"not_a_number", std::numeric_limits<double>::quiet_NaN()}});
  const auto lines = records();
  ASSERT_EQ(lines.size(), 1u);
  const auto& text = lines[0].at("text").as_string();
  EXPECT_EQ((std::string{text.data(), text.size()}), nasty);
  EXPECT_TRUE(lines[0].at("not_a_number").is_null());
}

TEST_F(JsonLog, BytesThatAreNotUtf8DoNotBreakTheLine) {
  JsonLogger log(path(), Level::info);
  log.info("event", {{"path", "/\xff\xc3(\xed\xa0\x80\xf4\x90\x80\x80 ok \xe2\x82\xac \xe2\x82"}});
  const auto lines = records();
  ASSERT_EQ(lines.size(), 1u);
  const auto& text = lines[0].at("path").as_string();
  const std::string mark = "\xef\xbf\xbd";
  EXPECT_EQ((std::string{text.data(), text.size()}), "/" + mark + mark + "(" + mark + mark + mark + mark + mark + mark +
                                                         mark + " ok \xe2\x82\xac " + mark + mark);
}

TEST_F(JsonLog, KeepsBelowTheThresholdQuiet) {
  JsonLogger log(path(), Level::warning);
  log.info("quiet");
  log.debug("quiet");
  log.warning("heard");
  log.error("heard");
  EXPECT_EQ(records().size(), 2u);
  log.set_threshold(Level::debug);
  log.debug("heard");
  EXPECT_EQ(records().size(), 3u);
}

TEST_F(JsonLog, ReopenFollowsARotation) {
  JsonLogger log(path(), Level::info);
  log.info("before");
  std::filesystem::rename(path(), path("rotated"));
  log.info("still_before");
  log.reopen();
  log.info("after");
  EXPECT_EQ(records("rotated").size(), 2u);
  ASSERT_EQ(records().size(), 1u);
  EXPECT_EQ(records()[0].at("event").as_string(), "after");
}

TEST_F(JsonLog, AFailedReopenKeepsTheOldFile) {
  std::filesystem::create_directory(folder_ / "sub");
  JsonLogger log(path("sub/log"), Level::info);
  std::filesystem::rename(folder_ / "sub", folder_ / "moved");
  EXPECT_THROW(log.reopen(), std::system_error);
  log.info("kept");
  EXPECT_EQ(records("moved/log").size(), 1u);
}

TEST_F(JsonLog, AppendsAndIsNotReadableByOthers) {
  { JsonLogger(path(), Level::info).info("one"); }
  { JsonLogger(path(), Level::info).info("two"); }
  EXPECT_EQ(records().size(), 2u);
  struct stat status {};
  ASSERT_EQ(stat(path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0007, 0u);
}

TEST_F(JsonLog, AnUnopenableFileIsNamed) {
  try {
    JsonLogger log(path("absent/log"), Level::info);
    FAIL() << "opened";
  } catch (const std::system_error& failure) {
    EXPECT_NE(std::string{failure.what()}.find("absent/log"), std::string::npos);
  }
}

TEST_F(JsonLog, LinesOfSeveralThreadsDoNotMix) {
  JsonLogger log(path(), Level::info);
  std::vector<std::thread> threads;
  const std::string filler(3000, 'x');
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 100; ++i) log.info("event", {{"thread", t}, {"filler", filler}});
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(records().size(), 400u);  // each of them parses
}

}  // namespace
}  // namespace opi::telemetry
