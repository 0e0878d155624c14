#pragma once
#include <boost/json.hpp>
#include <filesystem>
#include <string>

namespace opi::tool {

constexpr std::size_t max_document_bytes = 2 * 1024 * 1024;

// Both throw Failure that names the file.
std::string read_text(const std::filesystem::path& file, std::size_t max_bytes = max_document_bytes);
void write_text(const std::filesystem::path& file, std::string_view text);

// A JSON object; the Failure names the line too.
boost::json::object parse_object(const std::filesystem::path& file, std::string_view text);

}  // namespace opi::tool
