#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "system/site.hpp"

// Every bound of the shipped providers' settings, at its edge, through the programs that read them.
namespace opi::system_test {
namespace {

namespace fs = std::filesystem;

struct Bound {
  const char* provider;
  const char* key;
  std::vector<std::string> accepted;
  std::vector<std::pair<std::string, std::string>> refused;  // and why
  std::string beside;                                        // other lines of the section
};

std::string path_of(std::size_t length) { return "/" + std::string(length - 1, 'p'); }

std::string list_of(std::size_t n, const std::function<std::string(std::size_t)>& item) {
  std::string all;
  for (std::size_t i = 1; i <= n; ++i) all += (i > 1 ? "," : "") + item(i);
  return all;
}
std::string uids(std::size_t n) {
  return "[" + list_of(n, [](std::size_t i) { return std::to_string(i); }) + "]";
}
std::string namespaces(std::size_t n) {
  return R"({"acme":[)" + list_of(n, [](std::size_t i) { return "\"n" + std::to_string(i) + "\""; }) + "]}";
}
std::string tenants(std::size_t n) {
  return "{" + list_of(n, [](std::size_t i) { return "\"t" + std::to_string(i) + "\":[\"n\"]"; }) + "}";
}
// A label's key of so many characters: a prefix of at most 253, a slash, a name of at most 63.
std::string label(std::size_t length) {
  std::string prefix;
  while (prefix.size() < 253) prefix += std::string(std::min<std::size_t>(63, 253 - prefix.size()), 'a') + ".";
  prefix.resize(253);
  if (prefix.back() == '.') prefix.back() = 'a';
  return prefix + "/" + std::string(length - 254, 'b');
}

// The shortest path that acts is of two characters: no process of a plugin is given all of "/".
const std::vector<Bound>& bounds() {
  static const std::vector<Bound> all{
      {"files",
       "root",
       {"/p", path_of(1024)},
       {{"", "is shorter than 1 characters"}, {path_of(1025), "is longer than 1024 characters"}},
       ""},
      {"files",
       "layout",
       {"{key}", "{key}" + std::string(251, 'l')},
       {{"{ke}", "is shorter than 5 characters"}, {"{key}" + std::string(252, 'l'), "is longer than 256 characters"}},
       "root=/r\ntenant=acme\n"},
      {"files",
       "tenant",
       {"", std::string(64, 't')},
       {{std::string(65, 't'), "is longer than 64 characters"}},
       "root=/r\n"},
      {"files",
       "trailing_newline",
       {"strip_one", "keep"},
       {{"strip", "is not one of \"strip_one\", \"keep\""}},
       "root=/r\n"},
      {"files",
       "max_bytes",
       {"1", "65536"},
       {{"0", "is below the minimum of 1"}, {"65537", "is above the maximum of 65536"}},
       "root=/r\n"},
      {"files",
       "ttl_seconds",
       {"1", "60"},
       {{"0", "is below the minimum of 1"}, {"61", "is above the maximum of 60"}},
       "root=/r\n"},
      {"files",
       "owner_uids",
       {"[]", "[1]", "[4294967294]", uids(16)},
       {{"[0]", "is below the minimum of 1"},
        {"[4294967295]", "is above the maximum of 4294967294"},
        {uids(17), "has more than 16 items"},
        {"[7,7]", "is there twice"}},
       "root=/r\n"},
      {"kubernetes",
       "access",
       {"in_cluster", path_of(1024)},
       {{"", "is shorter than 1 characters"}, {path_of(1025), "is longer than 1024 characters"}},
       ""},
      {"kubernetes",
       "tenant_label",
       {"b", label(317)},
       {{label(318), "is longer than 317 characters"}},
       "access=in_cluster\n"},
      {"kubernetes",
       "tenant_namespaces",
       {"{}", namespaces(1), namespaces(256), tenants(4096), R"({"acme":[")" + std::string(63, 'n') + R"("]})"},
       {{R"({"acme":[]})", "has fewer than 1 items"},
        {namespaces(257), "has more than 256 items"},
        {tenants(4097), "has more than 4096 members"},
        {R"({"acme":[")" + std::string(64, 'n') + R"("]})", "is longer than 63 characters"},
        {R"({"acme":[""]})", "is shorter than 1 characters"}},
       "access=in_cluster\n"},
      {"kubernetes",
       "ttl_seconds",
       {"1", "3600"},
       {{"0", "is below the minimum of 1"}, {"3601", "is above the maximum of 3600"}},
       "access=in_cluster\n"},
      {"kubernetes",
       "service_account_directory",
       {"/p", path_of(1024)},
       {{"", "is shorter than 1 characters"}, {path_of(1025), "is longer than 1024 characters"}},
       "access=in_cluster\n"}};
  return all;
}

class ProviderBounds : public testing::TestWithParam<std::size_t> {
 protected:
  ProviderBounds() {
    const auto plugins = site.folder() / "plugins";
    fs::create_directories(plugins);
    for (const char* plugin : {OPI_SECRETS_FILES, OPI_SECRETS_KUBERNETES})
      fs::copy_file(plugin, plugins / fs::path(plugin).filename());
    head = "[general]\nenvironment=test\nstate_directory=" + site.folder().string() +
           "\n[plugins]\ndirectory=" + plugins.string() + "\n[secret_provider." + bound.provider + "]\n" + bound.beside;
  }
  std::pair<int, std::string> run(const char* program, const std::vector<std::string>& arguments,
                                  const std::string& value) {
    std::ofstream(file) << head << bound.key << "=" << value << "\n";
    std::vector<std::string> all{"--config", file.string()};
    all.insert(all.end(), arguments.begin(), arguments.end());
    fs::remove(site.folder() / "errors");  // or it would be written on
    demo::ChildProcess process({fs::path(OPI_PROGRAMS) / program, all, site.folder() / "errors"});
    auto said = process.read_all(std::chrono::seconds{30}).value_or("");
    const auto code = process.wait(std::chrono::seconds{10}).value_or(demo::ExitStatus{}).code;
    std::ifstream errors(site.folder() / "errors");
    return {code, said + std::string(std::istreambuf_iterator<char>(errors), {})};
  }

  const Bound& bound = bounds()[GetParam()];
  Site site{nullptr};
  const fs::path file = site.folder() / "conf";
  std::string head;
};

TEST_P(ProviderBounds, AreAcceptedAndActAtTheEdgeAndRefusedByNameBeyondIt) {
  for (const auto& value : bound.accepted) {
    const auto checked = run("integrationsd", {"--check-config"}, value);
    EXPECT_EQ(checked.first, 0) << value.substr(0, 80) << checked.second;
    const auto made = run("integrationsctl", {"secrets", "providers"}, value);
    EXPECT_EQ(made.first, 0) << value.substr(0, 80) << made.second;
    EXPECT_THAT(made.second, testing::ContainsRegex(std::string(bound.provider) + ".*serving"))
        << value.substr(0, 80) << ": the provider's own judgement is the same";
  }
  const auto line = std::ranges::count(head, '\n') + 1;
  for (const auto& [value, why] : bound.refused) {
    const auto checked = run("integrationsd", {"--check-config"}, value);
    EXPECT_EQ(checked.first, 78) << value.substr(0, 80);
    EXPECT_EQ(checked.second, "integrationsd: " + file.string() + ": line " + std::to_string(line) +
                                  ": secret_provider." + bound.provider + "." + bound.key + " " + why + "\n");
  }
}

INSTANTIATE_TEST_SUITE_P(Keys, ProviderBounds, testing::Range<std::size_t>(0, bounds().size()), [](const auto& which) {
  return std::string(bounds()[which.param].provider) + "_" + bounds()[which.param].key;
});

}  // namespace
}  // namespace opi::system_test
