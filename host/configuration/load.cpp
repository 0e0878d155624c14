#include <unistd.h>

#include <algorithm>
#include <boost/program_options/parsers.hpp>
#include <fstream>
#include <set>
#include <sstream>

#include "configuration/configuration.hpp"

namespace opi::configuration {
namespace {

namespace po = boost::program_options;

constexpr std::string_view environment_prefix = "OPI_";
constexpr std::string_view provider_section = "secret_provider.", provider_variables = "OPI_SECRET_PROVIDER_";
constexpr std::string_view former_local_directory = "secrets.local_directory";
constexpr std::size_t max_file_bytes = 4096;

const Key* find_key(std::string_view name) {
  const auto found = std::ranges::find(keys(), name, &Key::name);
  return found == keys().end() ? nullptr : &*found;
}

// "dispatch.max_in_flight" -> "OPI_DISPATCH_MAX_IN_FLIGHT"
std::string variable_name(std::string_view key) {
  std::string name(environment_prefix);
  for (const char c : key) name += c == '.' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return name;
}

class Loader {
 public:
  void apply(const std::string& source, const std::string& name, const std::string& value) {
    if (name.starts_with(provider_section)) return apply_to_provider(source, name, value);
    if (name == former_local_directory)
      return error(source, name + " is now the key directory of the section [secret_provider.local]");
    const Key* key = find_key(name);
    if (key == nullptr) return error(source, name + " is not a known key");
    if (auto wrong = key->apply(loaded_.configuration, value); !wrong.empty()) error(source, name + " " + wrong);
  }

  void defaults() {
    for (const auto& key : keys()) apply("default", std::string(key.name), std::string(key.default_value));
  }

  void file(const std::string& path) {
    std::ifstream stream(path);
    if (!stream) return error(path, "cannot be read");
    const auto lines = read_lines(path, stream);
    try {
      const po::options_description nothing;
      std::set<std::string> seen;
      for (const auto& option : po::parse_config_file(stream, nothing, true).options) {
        if (!seen.insert(option.string_key).second) error(path, option.string_key + " is set twice");
        const auto line = lines.find(option.string_key);
        const bool of_a_provider = option.string_key.starts_with(provider_section) && line != lines.end();
        apply(of_a_provider ? path + ": line " + std::to_string(line->second) : path, option.string_key,
              option.value.empty() ? std::string{} : option.value.front());
      }
    } catch (const po::error& failure) {
      error(path, failure.what());
    }
  }

  void environment(const std::map<std::string, std::string>& variables) {
    for (const auto& key : keys())
      if (const auto found = variables.find(variable_name(key.name)); found != variables.end())
        apply("environment " + found->first, std::string(key.name), found->second);
    for (const auto& [name, value] : variables) {
      // Ids and names of providers' keys may have what variables may not.
      if (name.starts_with(provider_variables))
        error("environment " + name,
              "secret providers are configured in the file, or by --set secret_provider.<id>.<name>=value");
      if (name == variable_name(former_local_directory))
        apply("environment " + name, std::string(former_local_directory), value);
    }
  }

  void overrides(const std::vector<std::string>& settings) {
    for (const auto& setting : settings) {
      const auto equals = setting.find('=');
      if (equals == std::string::npos)
        error("command line", "--set needs section.name=value");
      else
        apply("command line", setting.substr(0, equals), setting.substr(equals + 1));
    }
  }

  // What only the whole shows.
  Loaded finish() {
    auto& c = loaded_.configuration;
    if (!c.postgres_connection_file.empty())
      read_file("store.postgres_connection_file", c.postgres_connection_file, c.postgres_connection);
    if (!c.egress_proxy_credentials_file.empty())
      read_file("egress.proxy_credentials_file", c.egress_proxy_credentials_file, c.egress_proxy_credentials);
    if (c.egress_proxy.empty() && (!c.egress_proxy_credentials_file.empty() || !c.egress_proxy_exceptions.empty()))
      error("configuration", "egress.proxy must be set where its credentials or exceptions are");
    if (c.store_engine == StoreEngine::postgres && c.postgres_connection.empty() && c.postgres_connection_file.empty())
      error("configuration",
            "store.engine is postgres, so store.postgres_connection or store.postgres_connection_file must be set");
    if (c.breaker_max_cooldown < c.breaker_cooldown)
      error("configuration", "breaker.max_cooldown_ms must be at least breaker.cooldown_ms");
    if (!c.jwt_keys.empty() && (c.jwt_issuer.empty() || c.jwt_audience.empty()))
      error("configuration",
            "identity.jwt_keys is set, so identity.jwt_issuer and identity.jwt_audience must be set, too");
    return std::move(loaded_);
  }

 private:
  void error(const std::string& source, const std::string& what) { loaded_.errors.push_back(source + ": " + what); }

  // secret_provider.<id>.<name>: an id may have dots, a name has none.
  void apply_to_provider(const std::string& source, const std::string& key, const std::string& value) {
    const auto dot = key.rfind('.');
    if (dot < provider_section.size() || dot + 1 == key.size())
      return error(source, key + " is not secret_provider.<id>.<name>");
    const auto id = key.substr(provider_section.size(), dot - provider_section.size());
    loaded_.configuration.secret_providers[id][key.substr(dot + 1)] = {value, source};
  }

  // Where each key stands. The parser takes a '#' anywhere for the beginning of a comment, and would cut a password
  // there without a word: that is refused here.
  std::map<std::string, int> read_lines(const std::string& path, std::istream& stream) {
    std::map<std::string, int> lines;
    std::string section;
    int number = 0;
    for (std::string line; std::getline(stream, line);) {
      ++number;
      const auto begin = line.find_first_not_of(" \t"), hash = line.find('#');
      if (begin == std::string::npos || begin == hash) continue;
      if (hash != std::string::npos && line[hash - 1] != ' ' && line[hash - 1] != '\t')
        error(path, "line " + std::to_string(number) + " has a # inside a value, which would be cut there");
      if (line[begin] == '[') section = line.substr(begin + 1, line.find(']') - begin - 1) + ".";
      const auto name = line.substr(begin, line.find_first_of("= \t", begin) - begin);
      lines.emplace(section + name, number);
    }
    stream.clear();
    stream.seekg(0);
    return lines;
  }

  // A text that is not to stand in the configuration itself; a line's end behind it is none of it.
  void read_file(const std::string& key, const std::string& path, std::string& into) {
    std::ifstream stream(path);
    std::string content((std::istreambuf_iterator<char>(stream)), {});
    while (!content.empty() && (content.back() == '\n' || content.back() == '\r')) content.pop_back();
    if (!stream.good() && !stream.eof())
      error("configuration", key + " cannot be read");
    else if (content.empty() || content.size() > max_file_bytes)
      error("configuration", key + " must hold 1 to 4096 bytes");
    else
      into = std::move(content);
  }

  Loaded loaded_;
};

}  // namespace

std::string Configuration::sqlite_file() const {
  return sqlite_path.empty() ? state_directory + "/integrations.sqlite" : sqlite_path;
}

std::string Configuration::audit_key_file() const {
  return audit_signing_key.empty() ? state_directory + "/audit-signing-key.pem" : audit_signing_key;
}

std::map<std::string, std::string> environment_variables() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text(*entry);
    if (const auto equals = text.find('='); equals != std::string::npos)
      variables[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return variables;
}

Loaded load(const std::string& file, const std::map<std::string, std::string>& environment,
            const std::vector<std::string>& overrides) {
  Loader loader;
  loader.defaults();
  if (!file.empty()) loader.file(file);
  loader.environment(environment);
  loader.overrides(overrides);
  return loader.finish();
}

}  // namespace opi::configuration
