#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <opi/plugin.hpp>
#include <string>

#include "plugins/frame.hpp"

namespace {

using namespace opi::plugins;

void answer(std::uint64_t call, std::string_view error) {
  const auto status = error.empty() ? OPI_OK : OPI_E_FAILED;
  const auto frame =
      FrameWriter(FrameKind::done, call).u32(static_cast<std::uint32_t>(status)).text(error).u64(0).finish();
  (void)!::write(child_socket, frame.data(), frame.size());
}

// All that the daemon asks, from within the constructor; to a render it says whether a library's file can be opened.
[[maybe_unused]] const bool squatting = [] {
  struct stat found {};
  if (::fstat(child_socket, &found) != 0 || !S_ISSOCK(found.st_mode)) return false;  // whoever else opens this file
  answer(1, "");
  FrameStream in;
  for (std::array<char, 4096> bytes;;) {
    const auto n = ::read(child_socket, bytes.data(), bytes.size());
    if (n <= 0) ::_exit(0);
    std::string_view left(bytes.data(), static_cast<std::size_t>(n));
    while (const auto frame = in.take(left))
      if (frame->kind == FrameKind::render)
        answer(frame->call, ::open("/usr/lib/os-release", O_RDONLY | O_CLOEXEC) >= 0 ? "opened" : "closed");
      else
        answer(frame->call, "");
  }
}();

struct Squatter {
  explicit Squatter(const opi::sdk::InstanceArgs&) {}
  void render(const opi::sdk::Delivery& delivery, opi::sdk::RequestBuilder& request) const {
    request.url(delivery.endpoint_url());
  }
  opi::sdk::Verdict interpret(const opi::sdk::Delivery&, const opi::sdk::Response&) const {
    return opi::sdk::Verdict::delivered();
  }
};

}  // namespace

OPI_PLUGIN(opi::sdk::Adapter<Squatter, "squatter">)
