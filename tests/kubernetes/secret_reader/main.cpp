// Reads a secret's keys through a provider plugin, with the host's own code, again and again:
//   opi-secret-reader PLUGIN ID CONFIG TENANT REFERENCE KEYS TIMES
// ID is the provider's, KEYS have commas between, TIMES may be seconds ("20s"). The contents end with "-<number>",
// which is the same for all keys of one version. Prints how many reads failed, and how many of them were denied, how
// many mixed versions, and how many versions there were.
#include <algorithm>
#include <iostream>
#include <set>

#include "plugins/plugin_lab.hpp"
#include "plugins/plugin_provider_registry.hpp"

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
  int reads = 0, failed = 0, denied = 0, mixed = 0;
  std::set<std::string> versions;
  std::string fault;
};

void count(const secrets::ResolveResult& result, std::size_t keys, Tally& tally) {
  ++tally.reads;
  if (result.status != secrets::ResolveStatus::ok || result.values.size() != keys) {
    ++tally.failed;
    if (result.status == secrets::ResolveStatus::denied) ++tally.denied;
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
  if (argc != 8) return 64;
  plugins::testing::PluginLab lab;
  lab.add(argv[1]);
  plugins::PluginHost host(lab.options("production"), lab.logger());
  secrets::SecretProviders providers;
  plugins::PluginProviderRegistry registry(host, providers, lab.logger());
  registry.load_directory([&](const plugins::Component& component) {
    return component.id == argv[2] ? std::optional<std::string>(argv[3]) : std::nullopt;
  });
  if (providers.all().empty()) {
    std::cerr << lab.logger().text();
    return 1;
  }
  const auto provider = providers.all().front();
  const auto tenant = *TenantId::parse(argv[4]);
  const auto reference = provider->parse(argv[5], tenant);
  const auto keys = split(argv[6]);
  const std::string times = argv[7];
  const int limit = std::stoi(times);
  const bool by_time = times.ends_with('s');
  const auto begin = std::chrono::steady_clock::now();
  Tally tally;
  while (by_time ? std::chrono::steady_clock::now() < begin + std::chrono::seconds{limit} : tally.reads < limit)
    count(provider->resolve({reference, keys, tenant, {}, MonoTime::max()}), keys.size(), tally);
  std::cout << "{\"reads\":" << tally.reads << ",\"failed\":" << tally.failed << ",\"denied\":" << tally.denied
            << ",\"mixed\":" << tally.mixed << ",\"versions\":" << tally.versions.size() << "}\n";
  if (tally.failed > 0) std::cerr << tally.fault << "\n";
  return tally.failed + tally.mixed == 0 ? 0 : 1;
}
