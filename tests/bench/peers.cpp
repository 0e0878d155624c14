#include <array>
#include <boost/json/parse.hpp>
#include <cstdio>
#include <map>
#include <sstream>

#include "bench/machine.hpp"
#include "bench/measurements.hpp"
#include "receiver/receiver.hpp"

namespace opi::bench {
namespace {

std::map<std::string, std::string> parts_of(const std::string& connection) {
  std::map<std::string, std::string> parts;
  std::istringstream words(connection);
  for (std::string word; words >> word;)
    if (const auto equals = word.find('='); equals != std::string::npos)
      parts[word.substr(0, equals)] = word.substr(equals + 1);
  return parts;
}

}  // namespace

Rate peer(const std::string& mode, const Database& database, std::size_t count, const std::filesystem::path& peers) {
  receiver::Receiver receiver(receiver::ReceiverOptions{.verify = false});
  auto parts = parts_of(database.connection());
  const std::string command = "cd '" + peers.string() + "' && node run.mjs " + mode + " '" + parts["host"] + "' '" +
                              parts["dbname"] + "' '" + parts["user"] + "' '" + receiver.url("/bench") + "' " +
                              std::to_string(count);
  std::string output;
  FILE* pipe = popen(command.c_str(), "r");
  std::array<char, 4096> block;
  while (const auto got = fread(block.data(), 1, block.size(), pipe)) output.append(block.data(), got);
  const auto last_line = output.find("{\"mode\"");
  if (pclose(pipe) != 0 || last_line == std::string::npos)
    throw std::runtime_error("peer " + mode + " failed: " + output);
  const auto answer = boost::json::parse(output.substr(last_line));
  Rate rate;
  rate.count = count;
  rate.seconds = answer.at("seconds").to_number<double>();
  return rate;
}

}  // namespace opi::bench
