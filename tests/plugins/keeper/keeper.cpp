#include <fcntl.h>
#include <netdb.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <opi/plugin.hpp>
#include <string>
#include <thread>

#ifndef KEEPER_BUILD
#define KEEPER_BUILD "first"
#endif

namespace {

using opi::sdk::Failure;
using opi::sdk::SecretAnswer;
using opi::sdk::SecretQuery;

volatile int* volatile nowhere = reinterpret_cast<volatile int*>(8);

[[noreturn]] void fail(const std::string& what) {
  const int error = errno;
  throw Failure(error == EACCES ? OPI_E_DENIED : OPI_E_FAILED, what + ": " + std::strerror(error));
}

void give(SecretAnswer& answer, std::size_t key, std::string_view value) {
  std::memcpy(answer.reserve(key, value.size()).data(), value.data(), value.size());
}

std::string contents(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) fail("open");
  std::string text(64 * 1024, '\0');
  const auto n = ::read(file, text.data(), text.size());
  if (n < 0) fail("read");
  ::close(file);
  text.resize(static_cast<std::size_t>(n));
  return text;
}

// What a web server answers, found by its name.
std::string fetched(const std::string& host_and_port, const std::string& path) {
  const auto colon = host_and_port.rfind(':');
  const auto host = host_and_port.substr(0, colon);
  addrinfo* found = nullptr;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  if (::getaddrinfo(host.c_str(), host_and_port.substr(colon + 1).c_str(), &hints, &found) != 0) fail("getaddrinfo");
  int connection = -1;
  for (const auto* one = found; one != nullptr && connection < 0; one = one->ai_next) {
    connection = ::socket(one->ai_family, one->ai_socktype, one->ai_protocol);
    if (connection >= 0 && ::connect(connection, one->ai_addr, one->ai_addrlen) != 0) {
      ::close(connection);
      connection = -1;
    }
  }
  ::freeaddrinfo(found);
  if (connection < 0) fail("connect");
  const auto request = "GET /" + path + " HTTP/1.0\r\nHost: " + host + "\r\n\r\n";
  if (::send(connection, request.data(), request.size(), MSG_NOSIGNAL) < 0) fail("send");
  std::string answer;
  char buffer[4096];
  for (ssize_t n = 1; n > 0;) {
    n = ::recv(connection, buffer, sizeof buffer, 0);
    if (n > 0) answer.append(buffer, static_cast<std::size_t>(n));
  }
  ::close(connection);
  return answer.substr(answer.find("\r\n\r\n") + 4);
}

void connect_to_a_unix_socket() {
  if (::socket(AF_UNIX, SOCK_STREAM, 0) < 0) fail("socket");
}

const std::map<std::string, std::function<void()>, std::less<>> tries{
    {"crash", [] { *nowhere = 1; }},
    {"hang",
     [] {
       for (volatile bool on = true; on;) continue;
     }},
    {"exit", [] { ::_exit(3); }},
    {"write-a-file", [] { (void)!::open("/tmp/opi-keeper", O_CREAT | O_WRONLY, 0600); }},
    {"truncate-a-file", [] { (void)!::truncate("/tmp/opi-keeper", 0); }},
    {"fork", [] { (void)!::fork(); }},
    {"run-a-program", [] { ::execl("/bin/true", "true", nullptr); }},
    {"listen", [] { (void)!::listen(::socket(AF_INET, SOCK_STREAM, 0), 1); }},
    {"make-code", [] { (void)::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); }},
    {"open-a-socket", [] { (void)!::socket(AF_INET, SOCK_STREAM, 0); }},
    {"open-a-file", [] { (void)!::open("/etc/hosts", O_RDONLY); }},
    {"unix-socket", connect_to_a_unix_socket},
    {"pair-of-datagrams",
     [] {
       int ends[2];
       (void)!::socketpair(AF_UNIX, SOCK_DGRAM, 0, ends);
     }},
};

class Keeper {
 public:
  explicit Keeper(const opi::sdk::InstanceArgs& args) : host_(args.host), config_(args.config_json) {
    if (config_.find("\"refuse\"") != std::string::npos) throw Failure(OPI_E_INVALID, "mood: is not welcome here");
  }

  void check(const SecretQuery& query) const {
    if (query.segment(0) == "unwelcome") throw Failure(OPI_E_INVALID, "is not welcome here");
    if (query.segment(0) == "check-crash") *nowhere = 1;
  }

  void resolve(const SecretQuery& query, SecretAnswer& answer) {
    const auto mood = query.segment(0);
    const std::string what(query.segment(1));
    if (const auto found = tries.find(mood); found != tries.end()) found->second();
    if (mood == "slow") std::this_thread::sleep_for(std::chrono::milliseconds(300));
    if (mood == "quote") {
      give(answer, 0, what);
      throw Failure(OPI_E_DENIED, "the value is " + what);
    }
    if (mood == "tell") host_.log(OPI_LOG_ERROR, "the value is " + what, {{"value", what}});
    if (mood == "wait") ::usleep(300'000);
    if (query.if_not_version() == "7" && mood == "same") return answer.not_modified("7");
    for (std::size_t i = 0; i < query.key_count(); ++i) {
      if (query.key(i) == "absent")
        answer.absent(i);
      else
        give(answer, i, value(mood, what, std::string(query.key(i))));
    }
    answer.commit("7", std::chrono::minutes(1));
  }

 private:
  std::string value(std::string_view mood, const std::string& what, const std::string& key) const {
    if (mood == "read") return contents(root() + "/" + what + "/" + key);
    if (mood == "read-elsewhere") return contents("/etc/" + key);
    if (mood == "fetch") return fetched(what, key);
    if (mood == "large") return std::string(64 * 1024, 'x');
    if (mood == "process") return std::to_string(::getpid());
    if (mood == "thread") {
      std::string made;
      std::thread([&] { made = "by a thread"; }).join();
      return made;
    }
    return std::string(KEEPER_BUILD) + " " + key;
  }
  std::string root() const {
    const auto at = config_.find("\"root\":\"");
    if (at == std::string::npos) return "";
    const auto begin = at + 8;
    return config_.substr(begin, config_.find('"', begin) - begin);
  }

  opi::sdk::Host host_;
  std::string config_;
};

}  // namespace

OPI_PLUGIN(opi::sdk::Provider<Keeper, "netter">, opi::sdk::Provider<Keeper, "filer">,
           opi::sdk::Provider<Keeper, "thinker">)
