#pragma once
#include <boost/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/reach.hpp"

namespace opi::plugins {

// What a secret provider declares that it uses, in its manifest: {"network": true, "files": ["/run/secrets",
// {"config": "root"}]}. A place that only the configuration knows is named by a property of it. Immutable.
class Needs {
 public:
  static constexpr std::size_t max_files = 16, max_path_bytes = 1024;

  // Appends what is wrong to `problems`, each with its path below `where`. `schema` is the configuration's.
  static Needs parse(const boost::json::value& value, const boost::json::value& schema, const std::string& where,
                     std::vector<std::string>& problems);

  // With the places that this configuration names; of a property that it lacks, the schema's default, and nothing if
  // there is none or it is no absolute path. Throws std::runtime_error that names the property whose path leads
  // upwards.
  [[nodiscard]] Reach reach(std::string_view config_json) const;
  // For people: "network", "/run/secrets", "(root)". Empty: it computes, and nothing else.
  [[nodiscard]] std::vector<std::string> described() const;

 private:
  struct Place {
    std::string path;      // empty: as the configuration has it
    std::string property;  // in which
    std::string otherwise;
  };
  static Place place_of(const boost::json::value& value, const boost::json::value& schema, std::string& fault);

  bool network_ = false;
  std::vector<Place> files_;
};

}  // namespace opi::plugins
