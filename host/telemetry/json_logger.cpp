#include "telemetry/json_logger.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <charconv>
#include <chrono>
#include <cmath>
#include <ctime>
#include <system_error>

#include "foundation/mutex.hpp"

namespace opi::telemetry {
namespace {

int open_log(const std::string& path) {
  if (path == "-") return STDERR_FILENO;
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
  if (descriptor < 0) throw std::system_error(errno, std::generic_category(), "cannot open log file " + path);
  return descriptor;
}

void append_time(std::string& line) {
  const auto now = std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[32];
  const std::size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
  line.append(text, length);
  const auto ms = static_cast<int>(now.time_since_epoch().count() % 1000);
  line += '.';
  line += static_cast<char>('0' + ms / 100);
  line += static_cast<char>('0' + ms / 10 % 10);
  line += static_cast<char>('0' + ms % 10);
  line += 'Z';
}

// Bytes of the well-formed UTF-8 character at the start of `text` (RFC 3629), or 0.
std::size_t utf8_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xc0) != 0x80) return 0;
  const bool overlong = (first == 0xe0 && byte(1) < 0xa0) || (first == 0xf0 && byte(1) < 0x90);
  const bool outside = (first == 0xed && byte(1) > 0x9f) || (first == 0xf4 && byte(1) > 0x8f);
  return overlong || outside ? 0 : length;
}

// boost::json::serialize escapes quotes, backslashes and control characters, but hands on what is not UTF-8, which
// a request's path may well contain: that becomes U+FFFD.
void append_string(std::string& line, std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = utf8_character(text);
    valid += length == 0 ? std::string_view{"\xef\xbf\xbd"} : text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  line += boost::json::serialize(boost::json::string_view{valid.data(), valid.size()});
}

struct AppendValue {
  std::string& line;
  void operator()(std::string_view value) const { append_string(line, value); }
  void operator()(bool value) const { line += value ? "true" : "false"; }
  void operator()(std::int64_t value) const { line += std::to_string(value); }
  void operator()(double value) const {
    char text[32];
    if (!std::isfinite(value)) {
      line += "null";
      return;
    }
    const auto end = std::to_chars(text, text + sizeof text, value).ptr;
    line.append(text, end);
  }
};

}  // namespace

std::string_view to_string(Level level) {
  switch (level) {
    case Level::debug: return "debug";
    case Level::info: return "info";
    case Level::warning: return "warning";
    case Level::error: return "error";
  }
  return "";
}

JsonLogger::JsonLogger(std::string path, Level threshold)
    : path_(std::move(path)), threshold_(threshold), descriptor_(open_log(path_)) {}

JsonLogger::~JsonLogger() {
  if (descriptor_ != STDERR_FILENO) ::close(descriptor_);
}

void JsonLogger::log(Level level, std::string_view event, std::initializer_list<Field> fields) {
  std::string line = "{\"time\":\"";
  append_time(line);
  line += "\",\"level\":\"";
  line += to_string(level);
  line += "\",\"event\":";
  append_string(line, event);
  for (const auto& field : fields) {
    line += ',';
    append_string(line, field.name);
    line += ':';
    std::visit(AppendValue{line}, field.value);
  }
  line += "}\n";
  const Lock lock(mutex_);
  // A log that cannot be written has nowhere to say so; the product goes on.
  [[maybe_unused]] const auto written = ::write(descriptor_, line.data(), line.size());
}

void JsonLogger::reopen() {
  if (path_ == "-") return;
  const int fresh = open_log(path_);
  const Lock lock(mutex_);
  ::close(descriptor_);
  descriptor_ = fresh;
}

}  // namespace opi::telemetry
