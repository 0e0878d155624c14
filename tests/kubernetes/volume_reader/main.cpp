// Reads a secret's keys through a provider plugin, with the host's own code, again and again:
//   volume-reader PLUGIN CONFIG TENANT REFERENCE KEYS TIMES
// KEYS with commas between. The contents end with "-<number>", which is the same for all keys of one version. Prints how
// many reads failed, how many mixed versions, and how many versions there were.
#include <algorithm>
#include <iostream>
#include <set>

#include "plugins/plugin_lab.hpp"
#include "plugins/plugin_secret_provider.hpp"

namespace {

using namespace opi;

std::string text(const std::shared_ptr<const secrets::Secret>& secret) {
  if (!secret) return "absent";
  const auto bytes = secret->reveal();
  return {bytes.begin(), bytes.end()};
}

std::vector<std::string> split(const std::string& words) {
  std::vector<std::string> parts;
  std::istringstream stream(words);
  for (std::string part; std::getline(stream, part, ',');) parts.push_back(part);
  return parts;
}

struct Tally {
  int reads = 0, failed = 0, mixed = 0;
  std::set<std::string> versions;
  std::string fault;
};

void count(const secrets::ResolveResult& result, std::size_t keys, Tally& tally) {
  ++tally.reads;
  if (result.status != secrets::ResolveStatus::ok || result.values.size() != keys) {
    ++tally.failed;
    tally.fault = result.failure;
    return;
  }
  std::set<std::string> numbers;
  for (const auto& value : result.values) {
    const auto content = text(value);
    numbers.insert(content.substr(content.rfind('-') + 1));
  }
  if (numbers.size() != 1 || numbers.contains("absent")) ++tally.mixed;
  tally.versions.insert(*numbers.begin());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7) return 64;
  plugins::testing::PluginLab lab;
  lab.add(argv[1]);
  auto options = lab.options("production");
  const auto host = lab.load(std::move(options));
  const std::string config = argv[2];
  const auto providers = plugins::make_secret_providers(*host, {{"files", config}}, lab.logger());
  if (providers.empty()) {
    std::cerr << lab.logger().text();
    return 1;
  }
  const auto tenant = *TenantId::parse(argv[3]);
  const auto reference = providers.front()->parse(argv[4], tenant);
  const auto keys = split(argv[5]);
  Tally tally;
  for (int n = std::stoi(argv[6]); n > 0; --n)
    count(providers.front()->resolve({reference, keys, tenant, {}, MonoTime::max()}), keys.size(), tally);
  std::cout << "{\"reads\":" << tally.reads << ",\"failed\":" << tally.failed << ",\"mixed\":" << tally.mixed
            << ",\"versions\":" << tally.versions.size() << "}\n";
  if (tally.failed > 0) std::cerr << tally.fault << "\n";
  return tally.failed + tally.mixed == 0 ? 0 : 1;
}
