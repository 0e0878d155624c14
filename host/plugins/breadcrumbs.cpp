#include "plugins/breadcrumbs.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <stdexcept>

#include "foundation/mutex.hpp"

namespace opi::plugins {
namespace {

constexpr std::uint64_t magic = 0x0001'6272'6375'6d62;  // layout 1

struct PluginEntry {
  char id[64];
  char sha256[64];
};

// One thread's. A cache line of its own.
struct alignas(64) Slot {
  std::atomic<std::uint32_t> word;  // 0: in no plugin; else plugin << 8 | phase
  std::atomic<std::uint32_t> taken;
  std::atomic<std::int32_t> signal;
  std::int64_t signal_unix_ms;
};
static_assert(std::atomic<std::uint32_t>::is_always_lock_free);

struct Layout {
  std::uint64_t magic;
  std::atomic<std::uint32_t> plugins;
  PluginEntry plugin[Breadcrumbs::max_plugins];
  Slot slot[Breadcrumbs::max_threads];
};

std::string_view bounded(const char (&text)[64]) {
  const std::string_view all{text, sizeof text};
  return all.substr(0, all.find('\0'));
}

std::vector<LeftCall> read_left(const Layout& layout) {
  std::vector<LeftCall> left;
  if (layout.magic != magic) return left;
  for (const auto& slot : layout.slot) {
    const auto word = slot.word.load();
    const auto plugin = word >> 8, phase = word & 0xff;
    if (word == 0 || plugin >= std::min<std::uint32_t>(layout.plugins.load(), Breadcrumbs::max_plugins)) continue;
    if (phase < static_cast<std::uint32_t>(Phase::load) || phase > static_cast<std::uint32_t>(Phase::shutdown))
      continue;
    LeftCall call{std::string(bounded(layout.plugin[plugin].id)),
                  std::string(bounded(layout.plugin[plugin].sha256)),
                  static_cast<Phase>(phase),
                  {},
                  {}};
    if (const int signal = slot.signal.load(); signal != 0) {
      call.fatal_signal = signal;
      call.at = UnixTime{std::chrono::milliseconds{slot.signal_unix_ms}};
    }
    left.push_back(std::move(call));
  }
  return left;
}

// Read by the signal handler: no constructor, no destructor.
constinit thread_local Slot* current_slot = nullptr;

}  // namespace

struct Breadcrumbs::Mapping {
  int fd = -1;
  Layout* layout = nullptr;
  Mutex enrolment;

  ~Mapping() {
    if (layout != nullptr) ::munmap(layout, sizeof(Layout));
    if (fd >= 0) ::close(fd);
  }
  Slot* take() {
    for (auto& slot : layout->slot) {
      std::uint32_t free = 0;
      if (slot.taken.compare_exchange_strong(free, 1)) return &slot;
    }
    return nullptr;  // more threads than slots: this one leaves no breadcrumbs
  }
};

namespace {

// A stack for the signal handler of a thread that has overflowed its own. Leaves one alone that is there already.
class SignalStack {
 public:
  SignalStack() {
    stack_t present{};
    if (::sigaltstack(nullptr, &present) != 0 || (present.ss_flags & SS_DISABLE) == 0) return;
    memory_ = std::make_unique<std::byte[]>(bytes);
    const stack_t ours{memory_.get(), 0, bytes};
    if (::sigaltstack(&ours, nullptr) != 0) memory_.reset();  // then an overflow goes unnoted
  }
  SignalStack(const SignalStack&) = delete;
  SignalStack& operator=(const SignalStack&) = delete;
  ~SignalStack() {
    if (!memory_) return;
    const stack_t none{nullptr, SS_DISABLE, 0};
    ::sigaltstack(&none, nullptr);
  }

 private:
  static constexpr std::size_t bytes = 64 * 1024;
  std::unique_ptr<std::byte[]> memory_;
};

// This thread's slot in the mapping it used last.
struct ThreadSlot {
  SignalStack signal_stack;
  std::shared_ptr<Breadcrumbs::Mapping> mapping;
  ~ThreadSlot() { release(); }
  void release() {
    if (current_slot != nullptr) current_slot->taken.store(0);
    current_slot = nullptr;
    mapping.reset();
  }
  void use(const std::shared_ptr<Breadcrumbs::Mapping>& wanted) {
    release();
    mapping = wanted;
    current_slot = wanted->take();
  }
};
thread_local ThreadSlot thread_slot;

}  // namespace

std::string_view to_string(Phase phase) {
  switch (phase) {
    case Phase::load: return "load";
    case Phase::init: return "init";
    case Phase::create: return "create";
    case Phase::destroy: return "destroy";
    case Phase::render: return "render";
    case Phase::interpret: return "interpret";
    case Phase::check_reference: return "check_reference";
    case Phase::resolve: return "resolve";
    case Phase::shutdown: return "shutdown";
    case Phase::idle: return "idle";
  }
  return "";
}

Breadcrumbs::Breadcrumbs(const std::filesystem::path& file) : mapping_(std::make_shared<Mapping>()) {
  const auto fail = [&](const char* what) {
    throw std::runtime_error(file.string() + " " + what + ": " + std::strerror(errno));
  };
  mapping_->fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (mapping_->fd < 0) fail("cannot be opened");
  if (::flock(mapping_->fd, LOCK_EX | LOCK_NB) != 0) fail("is in use by another daemon");
  if (::ftruncate(mapping_->fd, sizeof(Layout)) != 0) fail("cannot be given its size");
  // Its blocks exist before anyone stores into them: a full disk must not become a SIGBUS in a render.
  if (const int error = ::posix_fallocate(mapping_->fd, 0, sizeof(Layout)); error != 0) {
    errno = error;
    fail("cannot be given its space");
  }
  void* const memory = ::mmap(nullptr, sizeof(Layout), PROT_READ | PROT_WRITE, MAP_SHARED, mapping_->fd, 0);
  if (memory == MAP_FAILED) fail("cannot be mapped");
  mapping_->layout = static_cast<Layout*>(memory);
  left_ = read_left(*mapping_->layout);
  std::memset(memory, 0, sizeof(Layout));
  mapping_->layout->magic = magic;
}

Breadcrumbs::~Breadcrumbs() { ::flock(mapping_->fd, LOCK_UN); }

std::optional<std::uint32_t> Breadcrumbs::enrol(std::string_view plugin_id, std::string_view sha256_hex) {
  const Lock lock(mapping_->enrolment);
  auto& layout = *mapping_->layout;
  const auto number = layout.plugins.load();
  if (number == max_plugins) return std::nullopt;
  plugin_id.copy(layout.plugin[number].id, sizeof(PluginEntry::id) - 1);
  sha256_hex.copy(layout.plugin[number].sha256, sizeof(PluginEntry::sha256));
  layout.plugins.store(number + 1);
  return number;
}

Breadcrumbs::Scope::Scope(Breadcrumbs& breadcrumbs, std::optional<std::uint32_t> plugin, Phase phase) {
  if (thread_slot.mapping.get() != breadcrumbs.mapping_.get()) thread_slot.use(breadcrumbs.mapping_);
  if (current_slot == nullptr || !plugin) return;
  word_ = &current_slot->word;
  before_ = word_->load(std::memory_order_relaxed);
  word_->store(*plugin << 8 | static_cast<std::uint32_t>(phase), std::memory_order_release);
}

Breadcrumbs::Scope::~Scope() {
  if (word_ != nullptr) word_->store(before_, std::memory_order_release);
}

void note_fatal_signal(int signal) noexcept {
  if (current_slot == nullptr) return;
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  current_slot->signal_unix_ms = std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
  current_slot->signal.store(signal);
}

void install_fatal_signal_notes() {
  struct sigaction action {};
  action.sa_handler = [](int signal) {
    note_fatal_signal(signal);
    ::raise(signal);  // the default action stands again: SA_RESETHAND
  };
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_NODEFER | SA_ONSTACK);
  sigemptyset(&action.sa_mask);
  for (const int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT})
    if (::sigaction(signal, &action, nullptr) != 0)
      throw std::runtime_error(std::string("sigaction: ") + std::strerror(errno));
}

}  // namespace opi::plugins
