#include <signal.h>
#include <sys/resource.h>

#include "canary/canary_fixture.hpp"
#include "canary/process_memory.hpp"

namespace opi::canary_test {
namespace {

std::string all_of(const std::vector<std::string>& findings) {
  std::string text = std::to_string(findings.size()) + " findings\n";
  for (const auto& one : findings) text += one + "\n\n";
  return text;
}

// Of files too large to be held in memory.
bool file_holds(const fs::path& file, const std::string& value) {
  std::ifstream stream(file, std::ios::binary);
  std::string window(1 << 22, '\0');
  std::size_t kept = 0;
  while (stream.read(window.data() + kept, static_cast<std::streamsize>(window.size() - kept)) || stream.gcount() > 0) {
    const auto end = kept + static_cast<std::size_t>(stream.gcount());
    if (std::string_view(window.data(), end).find(value) != std::string_view::npos) return true;
    kept = std::min(end, value.size());
    std::copy_n(window.begin() + static_cast<std::ptrdiff_t>(end - kept), kept, window.begin());
  }
  return false;
}

// Lets a crash leave a core in the site's folder, where the system writes cores into the working directory.
class Cores {
 public:
  explicit Cores(const fs::path& folder) : folder_(folder), before_(fs::current_path()) {
    getrlimit(RLIMIT_CORE, &limit_);
    const rlimit raised{limit_.rlim_max, limit_.rlim_max};
    setrlimit(RLIMIT_CORE, &raised);
    fs::current_path(folder);
  }
  ~Cores() {
    fs::current_path(before_);
    setrlimit(RLIMIT_CORE, &limit_);
  }
  Cores(const Cores&) = delete;
  Cores& operator=(const Cores&) = delete;

  [[nodiscard]] std::vector<fs::path> written() const {
    std::vector<fs::path> cores;
    for (const auto& entry : fs::directory_iterator(folder_))
      if (entry.path().filename().string().starts_with("core")) cores.push_back(entry.path());
    return cores;
  }

 private:
  const fs::path folder_, before_;
  rlimit limit_{};
};

}  // namespace

// What signs lives in pages that no core dump holds, and nowhere else.
void Canary::crash_and_search_the_core() {
  const Cores cores(site_.site().folder());
  start();
  publish("quiet.one", 1);
  ASSERT_TRUE(eventually([&] { return all_ended(1, 0); })) << daemon_->log();
  std::size_t seen = 0;
  for (const auto& key : {site_.values().signing_key_1, site_.values().signing_key_2}) {
    for (const auto& value : {key, base64(key)})
      for (const auto& hit : find_in_memory(daemon_->pid(), value)) {
        EXPECT_FALSE(hit.dumped) << hit.mapping;
        ++seen;
      }
  }
  EXPECT_GE(seen, 2u) << "the secrets in use were not found at all: the search proves nothing";
  try {
    publish("crash.now", 1);
  } catch (const std::runtime_error&) {
    // It was stored, and the daemon crashed before it could say so.
  }
  ASSERT_EQ(daemon_->wait_for_end().value_or(demo::ExitStatus{}).signal, SIGSEGV);
  for (const auto& core : cores.written()) {
    for (const auto& key : {site_.values().signing_key_1, site_.values().signing_key_2}) {
      EXPECT_FALSE(file_holds(core, key)) << core;
      EXPECT_FALSE(file_holds(core, base64(key))) << core;
    }
    EXPECT_TRUE(file_holds(core, "0192f000-0000-7000-8000-000000000000")) << "this is no core of the daemon: " << core;
    fs::remove(core);
  }
}

TEST_P(Canary, NoSecretIsFoundAnywhere) {
  crash_and_search_the_core();
  site_.provision(false);  // what crashed it waits
  start();
  constexpr int events = 3;
  for (int number = 0; number < events; ++number) publish("alert.created", number);
  constexpr std::size_t deliveries = 2 + events * CanarySite::alert_destinations;
  ASSERT_TRUE(eventually([&] { return all_ended(deliveries, 1); })) << daemon_->log().substr(0, 4000);
  sign_in_and_out();
  present_credentials_in_wrong_places();
  send_secrets_in_documents();
  if (cluster_) {
    cluster_->kill_hard();
    EXPECT_GE(get("/api/v1/deliveries").status, 500);
    EXPECT_GE(send("DELETE", "/api/v1/tokens/" + admin_.substr(0, 12), "").status, 500);
    cluster_->start();
    ASSERT_TRUE(eventually([&] { return get("/api/v1/deliveries").status == 200; }));
  }
  publish("alert.created", events);
  daemon_->kill_hard();
  start();
  ASSERT_TRUE(eventually([&] { return all_ended(deliveries + CanarySite::alert_destinations, 1); }));
  walk_all_answers();
  EXPECT_TRUE(daemon_->stop().clean()) << daemon_->errors();
  EXPECT_NE(site_.site().control({"audit", "verify", "--tenant", "acme"}).find("holds"), std::string::npos);
  const auto findings = site_.findings();
  EXPECT_TRUE(findings.empty()) << all_of(findings);
}

// Who writes a connection string wrongly must not read its password in the log.
TEST_P(Canary, ABadConnectionStringIsNotRepeated) {
  if (!GetParam()) GTEST_SKIP() << "SQLite has no connection string";
  const std::string word = unique_value();
  site_.secrets().plant("a stray word of the connection string", word);
  constexpr int bad_configuration = 78;
  const std::pair<std::string, int> connections[] = {
      {" password=" + site_.values().password + " " + word, bad_configuration},
      {"postgresql://opi:" + word + "@[::1/x", bad_configuration},  // to libpq, the name of a folder
      {" nonsense=" + word, bad_configuration},
      {" password='" + word, bad_configuration}};
  for (const auto& [text, exit_code] : connections) {
    std::ofstream(site_.site().folder() / "connection") << "host=/nowhere" + text;
    site_.site().control({"status", "--tenant", "acme"}, exit_code);
    EXPECT_THROW(RunningDaemon(site_.site(), "failing"), std::runtime_error);
  }
  std::ofstream(site_.site().folder() / "connection") << cluster_->create_database();
  std::ifstream log(site_.site().folder() / "failing/log");
  const std::string lines((std::istreambuf_iterator<char>(log)), {});
  EXPECT_NE(lines.find("daemon.failed"), std::string::npos);
  const auto findings = site_.findings();
  EXPECT_TRUE(findings.empty()) << all_of(findings);
}

// The search must be able to find: each of these places gets one value on purpose.
TEST_P(Canary, WhatIsPlantedOnPurposeIsFound) {
  const std::string planted = unique_value();
  site_.secrets().plant("the planted value", planted);
  EXPECT_TRUE(site_.findings().empty()) << all_of(site_.findings());
  for (const auto& form : forms_of(planted)) {
    const fs::path file = site_.site().folder() / "control/planted";
    std::ofstream(file) << "a line\n" << form << "\n";
    EXPECT_EQ(site_.findings().size(), 1u) << form;
    fs::remove(file);
  }
  start();
  const auto answer = send("POST", "/api/v1/destinations/0192f000-0000-7000-8000-000000000001:disable",
                           R"({"reason":"planted )" + planted + "\"}");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_TRUE(daemon_->stop().clean());
  const auto findings = site_.findings();
  const auto found_in = [&](const std::string& place) {
    return std::ranges::any_of(findings,
                               [&](const auto& one) { return one.find(" in " + place) != std::string::npos; });
  };
  EXPECT_TRUE(found_in("the store:")) << all_of(findings);
  EXPECT_TRUE(found_in("the answer to POST")) << all_of(findings);
  if (!GetParam()) {
    EXPECT_TRUE(found_in("the file of SQLite")) << all_of(findings);
  }
}

INSTANTIATE_TEST_SUITE_P(Stores, Canary, testing::Bool(),
                         [](const auto& store) { return store.param ? "PostgreSQL" : "SQLite"; });

}  // namespace opi::canary_test
