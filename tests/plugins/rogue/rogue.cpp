#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <opi/plugin.hpp>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

volatile int* volatile nowhere = reinterpret_cast<volatile int*>(8);
constexpr int socket_to_the_daemon = 3;

std::vector<std::string>* hoard() {
  static auto* const all = new std::vector<std::string>;
  return all;
}

void scribble(const std::string& bytes) { (void)!::write(socket_to_the_daemon, bytes.data(), bytes.size()); }

// Read while the library is opened, when the linker must be able to read.
std::string read_early(const char* path) {
  const int file = ::open(path, O_RDONLY | O_CLOEXEC);
  if (file >= 0) ::close(file);
  return std::string(path) + (file >= 0 ? " read; " : " closed; ");
}
const std::string& early() {
  static const auto* const all =
      new std::string(read_early("/etc/passwd") + read_early("/proc/self/maps") + read_early("/usr/lib/os-release"));
  return *all;
}
[[maybe_unused]] const bool read_at_once = !early().empty();

std::string environment() {
  std::string all;
  for (char** one = environ; one != nullptr && *one != nullptr; ++one) all += std::string(*one) + ";";
  return all.empty() ? "nothing" : all;
}

const std::map<std::string, std::function<void()>, std::less<>> moods{
    {"fine", [] {}},
    {"crash", [] { *nowhere = 1; }},
    {"abort", [] { std::abort(); }},
    {"exit", [] { ::_exit(3); }},
    {"spin",
     [] {
       for (volatile bool on = true; on;) continue;
     }},
    {"dawdle",
     [] {
       const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds{200};
       while (std::chrono::steady_clock::now() < end) continue;
     }},
    {"leak",
     [] {
       for (;;) hoard()->emplace_back(1 << 20, 'x');
     }},
    {"scribble nonsense", [] { scribble(std::string(4096, '\xee')); }},
    {"scribble without end",
     [] {
       for (;;) scribble(std::string(4096, '\0'));
     }},
    {"scribble zeros", [] { scribble(std::string(64, '\0')); }},
    {"close the socket", [] { ::close(socket_to_the_daemon); }},
    {"open a file", [] { (void)!::open("/etc/passwd", O_RDONLY); }},
    {"list a folder", [] { (void)::opendir("/"); }},
    {"write a file", [] { (void)!::open("/tmp/opi-rogue", O_CREAT | O_WRONLY, 0600); }},
    {"open a socket", [] { (void)!::socket(AF_INET, SOCK_STREAM, 0); }},
    {"fork", [] { (void)!::fork(); }},
    {"run a program", [] { ::execl("/bin/true", "true", nullptr); }},
    {"kill the daemon", [] { ::kill(::getppid(), SIGKILL); }},
    {"make code", [] { (void)::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); }},
    {"wait", [] { ::usleep(1000); }},
    {"tell the environment", [] { throw opi::sdk::Failure(OPI_E_FAILED, "environment: " + environment()); }},
    {"tell what was read", [] { throw opi::sdk::Failure(OPI_E_FAILED, early()); }},
    {"tell the home", [] { throw opi::sdk::Failure(OPI_E_FAILED, std::getenv("HOME") ? "has a home" : "homeless"); }},
};

class Rogue {
 public:
  explicit Rogue(const opi::sdk::InstanceArgs& args) {
    for (const auto& [mood, act] : moods)
      if (args.config_json.find('"' + mood + '"') != std::string_view::npos) act_ = act;
    if (args.config_json.find("\"crash in create\"") != std::string_view::npos) *nowhere = 1;
    if (args.config_json.find("\"refuse\"") != std::string_view::npos)
      throw opi::sdk::Failure(OPI_E_INVALID, "mood: is not welcome here");
    if (args.config_json.find("\"refuse the endpoint\"") != std::string_view::npos)
      throw opi::sdk::Failure(OPI_E_INVALID, "endpoint: is " + std::string(args.endpoint_url));
    gossips_ = args.config_json.find("\"gossip\"") != std::string_view::npos;
    late_ = args.config_json.find("\"late\":true") != std::string_view::npos;
  }
  void render(const opi::sdk::Delivery& delivery, opi::sdk::RequestBuilder& request) const {
    static auto& heard = *new std::string;
    if (gossips_) throw opi::sdk::Failure(OPI_E_FAILED, "heard: " + heard + ";");
    heard += delivery.payload();
    if (!late_ && act_) act_();
    request.url(delivery.endpoint_url()).header("X-Id", delivery.event_id()).body(std::string(delivery.payload()));
  }
  opi::sdk::Verdict interpret(const opi::sdk::Delivery&, const opi::sdk::Response&) const {
    if (act_) act_();
    return opi::sdk::Verdict::delivered();
  }

 private:
  std::function<void()> act_;
  bool late_ = false, gossips_ = false;
};

}  // namespace

OPI_PLUGIN(opi::sdk::Adapter<Rogue, "rogue">)
