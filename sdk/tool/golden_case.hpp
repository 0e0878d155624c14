#pragma once
#include <boost/json.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "json_difference.hpp"
#include "plugin_bench.hpp"

namespace opi::tool {

// One case of an adapter's golden files: an attempt, the request that it must render to, and responses with the
// verdicts that they must get.
class GoldenCase {
 public:
  // Throws Failure that names file and member.
  explicit GoldenCase(const std::filesystem::path& file);

  [[nodiscard]] const std::filesystem::path& file() const { return file_; }
  // The case as it would be if all that happens now were right. Throws Failure.
  [[nodiscard]] boost::json::object played(const PluginBench& bench, const std::string& component) const;
  // Where what happens now is not what the case says.
  [[nodiscard]] std::vector<Difference> differences_from(const boost::json::object& played) const;

  // The case's text with what happens now; what was given stays as it was written.
  [[nodiscard]] std::string updated(const boost::json::object& played) const;

 private:
  [[nodiscard]] boost::json::object play(const PluginBench& bench, const std::string& component) const;

  std::filesystem::path file_;
  std::string text_;
  boost::json::object document_;
};

}  // namespace opi::tool
