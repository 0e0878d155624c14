#include <signal.h>
#include <sys/resource.h>

#include <boost/program_options.hpp>
#include <fstream>
#include <iostream>

#include "receiver/receiver.hpp"

// opi-demo-receiver: prints {"port":N} as one line, serves until SIGTERM or SIGINT, then prints its
// statistics as one line of JSON.

namespace po = boost::program_options;
using opi::receiver::Receiver;
using opi::receiver::ReceiverOptions;

namespace {

// One secret a line; empty lines and lines that start with '#' are passed over.
std::vector<std::string> read_secrets(const std::string& file) {
  std::ifstream in(file);
  if (!in) throw std::runtime_error("cannot read " + file);
  std::vector<std::string> secrets;
  for (std::string line; std::getline(in, line);) {
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
    if (!line.empty() && line[0] != '#') secrets.push_back(line);
  }
  if (secrets.empty()) throw std::runtime_error(file + " has no secret");
  return secrets;
}

int run(int argc, char** argv) {
  po::options_description description("opi-demo-receiver: verifies signed deliveries and plays parts by path");
  description.add_options()("help", "show this text")("port", po::value<std::uint16_t>()->default_value(0),
                                                      "port on 127.0.0.1; 0: the system's choice")(
      "secret-file", po::value<std::vector<std::string>>(), "file with whsec_ secrets, one a line; may be repeated")(
      "no-verify", po::bool_switch(), "do not look at signatures")(
      "slow-delay-ms", po::value<std::uint32_t>()->default_value(5'000), "how late /slow answers");
  po::variables_map values;
  po::store(po::parse_command_line(argc, argv, description), values);
  po::notify(values);
  if (values.count("help") > 0) {
    std::cout << description;
    return 0;
  }

  ReceiverOptions options;
  options.port = values["port"].as<std::uint16_t>();
  options.verify = !values["no-verify"].as<bool>();
  options.slow_delay = std::chrono::milliseconds{values["slow-delay-ms"].as<std::uint32_t>()};
  if (values.count("secret-file") > 0)
    for (const auto& file : values["secret-file"].as<std::vector<std::string>>())
      for (auto& secret : read_secrets(file)) options.secrets.push_back(std::move(secret));
  if (options.verify && options.secrets.empty()) throw std::runtime_error("--secret-file or --no-verify is needed");

  // The usual soft limit of 1024 is less than the benchmarks' connections.
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &files) != 0) std::cerr << "opi-demo-receiver: few file descriptors\n";
  }

  // Before the receiver's thread starts, so that it inherits the mask and only sigwait() sees them.
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGTERM);
  sigaddset(&ending, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);

  Receiver receiver(std::move(options));
  std::cout << "{\"port\":" << receiver.port() << "}" << std::endl;
  int number = 0;
  sigwait(&ending, &number);
  receiver.stop();
  std::cout << to_json(receiver.statistics(), false) << std::endl;
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "opi-demo-receiver: " << error.what() << "\n";
    return 2;
  }
}
