#pragma once
#include <boost/json.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace opi::plugins {

// One thing that is wrong with a configuration.
struct ConfigFault {
  std::string path;     // JSON Pointer: "/headers/X-Team"; empty: the whole document
  std::string message;  // what it must be; does not repeat the value
};

// A component's configuration schema: a subset of JSON Schema 2020-12.
//   type (one or several), enum, const; properties, required, additionalProperties, minProperties, maxProperties;
//   items, minItems, maxItems, uniqueItems; minLength, maxLength (code points); minimum, maximum;
//   title, description, default, examples, format, $schema, $comment and x-* are annotations.
// A keyword outside of the subset is a fault of the schema: it would promise what is not checked. Immutable,
// thread-safe.
class ConfigSchema {
 public:
  static constexpr std::size_t max_depth = 16, max_faults = 32, max_config_bytes = 64 * 1024;

  ConfigSchema();  // accepts any object
  ~ConfigSchema();
  ConfigSchema(ConfigSchema&&) noexcept;
  ConfigSchema& operator=(ConfigSchema&&) noexcept;

  // Appends what is wrong with the schema to `problems`, each with its path below `where`.
  static ConfigSchema parse(const boost::json::value& schema, const std::string& where,
                            std::vector<std::string>& problems);

  // Everything that is wrong with a configuration, at most max_faults; empty if it is good.
  [[nodiscard]] std::vector<ConfigFault> check(std::string_view config_json) const;

 private:
  struct Node;
  std::unique_ptr<Node> root_;
};

}  // namespace opi::plugins
