#include "fleet/ledger.hpp"

#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>
#include <stdexcept>

namespace opi::system_test {
namespace {

constexpr int forever = -1;

// The text behind `"name":` in JSON without spaces, up to what ends a number or a simple text; empty if there is none.
std::string member(const std::string& json, const std::string& name) {
  const auto at = json.find("\"" + name + "\":");
  if (at == std::string::npos) return {};
  auto begin = at + name.size() + 3;
  if (json.at(begin) == '"') ++begin;
  return json.substr(begin, json.find_first_of("\",}", begin) - begin);
}

std::size_t length_of(const std::string& head) {
  std::string lower = head;
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  const auto at = lower.find("content-length:");
  return at == std::string::npos ? 0 : std::stoul(lower.substr(at + 15));
}

}  // namespace

Ledger::Ledger(Judge judge) : judge_(std::move(judge)) {
  stop_ = ::eventfd(0, EFD_CLOEXEC);
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const where = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener_, where, size) != 0 || ::listen(listener_, 512) != 0 ||
      ::getsockname(listener_, where, &size) != 0)
    throw std::runtime_error("the ledger cannot listen");
  port_ = ntohs(address.sin_port);
  accepting_ = std::thread([this] { accept(); });
}

Ledger::~Ledger() {
  const std::uint64_t one = 1;
  if (::write(stop_, &one, sizeof one) != sizeof one) std::terminate();
  accepting_.join();
  for (auto& thread : threads_) thread.join();
  ::close(listener_);
  ::close(stop_);
}

std::string Ledger::url(const std::string& path) const { return "http://127.0.0.1:" + std::to_string(port_) + path; }

std::vector<Ledger::Entry> Ledger::of(const std::string& path) const {
  std::vector<Entry> result;
  {
    const std::lock_guard lock(mutex_);
    std::ranges::copy_if(entries_, std::back_inserter(result), [&](const auto& one) { return one.path == path; });
  }
  std::ranges::stable_sort(result, {}, &Entry::began);
  return result;
}

int Ledger::requests(const std::string& path) const { return static_cast<int>(of(path).size()); }

void Ledger::accept() {
  for (;;) {
    std::array<pollfd, 2> either{{{listener_, POLLIN, 0}, {stop_, POLLIN, 0}}};
    ::poll(either.data(), either.size(), forever);
    if (either[1].revents != 0) return;
    const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection >= 0) threads_.emplace_back([this, connection] { serve(connection); });
  }
}

void Ledger::serve(int connection) {
  std::string buffer;
  for (bool open = true; open;) {
    std::size_t head = 0;
    while (open && (head = buffer.find("\r\n\r\n")) == std::string::npos) open = read_more(connection, buffer);
    if (!open) break;
    const std::size_t whole = head + 4 + length_of(buffer.substr(0, head));
    while (open && buffer.size() < whole) open = read_more(connection, buffer);
    if (!open) break;
    open = answer(connection, buffer.substr(0, head), buffer.substr(head + 4, whole - head - 4));
    buffer.erase(0, whole);
  }
  ::close(connection);
}

bool Ledger::answer(int connection, const std::string& head, const std::string& body) {
  Entry entry;
  entry.began = std::chrono::steady_clock::now();
  const auto space = head.find(' ');
  entry.path = head.substr(space + 1, head.find(' ', space + 1) - space - 1);
  entry.subject = member(body, "alert_id");
  entry.number = std::atoi(member(body, "number").c_str());
  std::size_t place = 0;
  int nth = 0;
  {
    const std::lock_guard lock(mutex_);
    place = entries_.size();
    nth = static_cast<int>(std::ranges::count(entries_, entry.path, &Entry::path)) + 1;
    entry.ended = Time::max();
    entries_.push_back(entry);
  }
  const auto said = judge_(entry.path, nth);
  const bool gone = gone_within(connection, said.delay);
  {
    const std::lock_guard lock(mutex_);
    entries_[place].status = gone ? 0 : said.status;
    entries_[place].ended = std::chrono::steady_clock::now();
  }
  if (gone) return false;
  std::string text = "HTTP/1.1 " + std::to_string(said.status) + " Said\r\nContent-Type: text/plain\r\n";
  if (said.retry_after > 0) text += "Retry-After: " + std::to_string(said.retry_after) + "\r\n";
  text += "Content-Length: 2\r\n\r\nok";
  return ::send(connection, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
}

bool Ledger::read_more(int connection, std::string& buffer) const {
  std::array<pollfd, 2> either{{{connection, POLLIN, 0}, {stop_, POLLIN, 0}}};
  ::poll(either.data(), either.size(), forever);
  if (either[1].revents != 0) return false;
  std::array<char, 16 * 1024> block;
  const ssize_t got = ::recv(connection, block.data(), block.size(), 0);
  if (got > 0) buffer.append(block.data(), static_cast<std::size_t>(got));
  return got > 0;
}

// Or it is to end.
bool Ledger::gone_within(int connection, std::chrono::milliseconds delay) const {
  if (delay.count() == 0) return false;
  std::array<pollfd, 2> either{{{connection, POLLRDHUP, 0}, {stop_, POLLIN, 0}}};
  return ::poll(either.data(), either.size(), static_cast<int>(delay.count())) > 0;
}

int most_at_once(const std::vector<Ledger::Entry>& entries) {
  std::vector<std::pair<Ledger::Time, int>> steps;
  for (const auto& one : entries) {
    steps.emplace_back(one.began, 1);
    steps.emplace_back(one.ended, -1);
  }
  std::ranges::sort(steps);  // what ends goes before what begins at the same time
  int now = 0, most = 0;
  for (const auto& [time, step] : steps) most = std::max(most, now += step);
  return most;
}

int inside_pauses(const std::vector<Ledger::Entry>& entries, int status, std::chrono::milliseconds pause) {
  int count = 0;
  for (const auto& asked : entries)
    if (asked.status == status)
      count += static_cast<int>(std::ranges::count_if(
          entries, [&](const auto& one) { return one.began > asked.ended && one.began - asked.ended < pause; }));
  return count;
}

int out_of_order(const std::vector<Ledger::Entry>& entries) {
  std::map<std::string, int> latest;
  int count = 0;
  for (const auto& one : entries) {
    int& last = latest[one.subject];
    if (one.number < last) ++count;
    last = std::max(last, one.number);
  }
  return count;
}

}  // namespace opi::system_test
