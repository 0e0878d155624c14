#include "canary/process_memory.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace opi::canary_test {
namespace {

// Larger ones are a sanitizer's shadow.
constexpr std::uint64_t largest_mapping = 1ull << 30;

struct Mapping {
  std::string line;
  std::uint64_t begin = 0, end = 0;
  bool writable = false, dumped = true;
};

std::vector<Mapping> mappings_of(const std::string& folder) {
  std::ifstream file(folder + "/smaps");
  std::vector<Mapping> mappings;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string first, second;
    words >> first >> second;
    const auto dash = first.find('-');
    if (dash != std::string::npos && first.back() != ':') {
      mappings.push_back({line, std::stoull(first.substr(0, dash), nullptr, 16),
                          std::stoull(first.substr(dash + 1), nullptr, 16), second.starts_with("rw"), true});
    } else if (first == "VmFlags:" && !mappings.empty()) {
      mappings.back().dumped = (line + " ").find(" dd ") == std::string::npos;
    }
  }
  if (mappings.empty()) throw std::runtime_error("cannot read " + folder + "/smaps");
  return mappings;
}

// What of the mapping is still there: the process goes on meanwhile.
std::string contents(int memory, const Mapping& mapping) {
  std::string bytes(mapping.end - mapping.begin, '\0');
  std::size_t done = 0;
  while (done < bytes.size()) {
    const auto got =
        ::pread(memory, bytes.data() + done, bytes.size() - done, static_cast<off_t>(mapping.begin + done));
    if (got <= 0) break;
    done += static_cast<std::size_t>(got);
  }
  bytes.resize(done);
  return bytes;
}

}  // namespace

std::vector<MemoryHit> find_in_memory(pid_t process, std::string_view value) {
  const std::string folder = "/proc/" + std::to_string(process);
  const int memory = ::open((folder + "/mem").c_str(), O_RDONLY | O_CLOEXEC);
  if (memory < 0) throw std::runtime_error("cannot open " + folder + "/mem");
  std::vector<MemoryHit> hits;
  for (const auto& mapping : mappings_of(folder)) {
    if (!mapping.writable || mapping.end - mapping.begin > largest_mapping) continue;
    const std::string bytes = contents(memory, mapping);
    for (auto at = bytes.find(value); at != std::string::npos; at = bytes.find(value, at + 1))
      hits.push_back({mapping.line, mapping.dumped});
  }
  ::close(memory);
  return hits;
}

}  // namespace opi::canary_test
