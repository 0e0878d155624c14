#include "text_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "failure.hpp"

namespace opi::tool {

namespace json = boost::json;

std::string read_text(const std::filesystem::path& file, std::size_t max_bytes) {
  if (std::filesystem::is_directory(file)) throw Failure(file.string() + ": is a directory");
  std::ifstream in(file, std::ios::binary);
  if (!in) throw Failure(file.string() + ": cannot be opened: " + std::strerror(errno));
  std::string text(max_bytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) throw Failure(file.string() + ": cannot be read: " + std::strerror(errno));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > max_bytes)
    throw Failure(file.string() + ": is larger than " + std::to_string(max_bytes) + " bytes");
  return text;
}

void write_text(const std::filesystem::path& file, std::string_view text) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out.write(text.data(), static_cast<std::streamsize>(text.size())).flush();
  if (!out) throw Failure(file.string() + ": cannot be written: " + std::strerror(errno));
}

json::object parse_object(const std::filesystem::path& file, std::string_view text) {
  json::stream_parser parser;
  boost::system::error_code error;
  const auto parsed = parser.write(text.data(), text.size(), error);
  const auto line =
      std::to_string(1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(parsed), '\n'));
  if (error) throw Failure(file.string() + ":" + line + ": is not JSON: " + error.message());
  parser.finish(error);
  if (error) throw Failure(file.string() + ":" + line + ": is not JSON: " + error.message());
  auto value = parser.release();
  if (!value.is_object()) throw Failure(file.string() + ": is not a JSON object");
  return std::move(value.get_object());
}

}  // namespace opi::tool
