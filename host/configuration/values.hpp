#pragma once
#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <sstream>

#include "configuration/configuration.hpp"
#include "domain/ids.hpp"

// What the table of keys is made of: each reads a value's text into its member of the configuration, and answers what
// is wrong with it, or nothing. No answer repeats the value, which may be a secret. Pure but for the configuration.
namespace opi::configuration::values {

using C = Configuration;

template <class Number>
std::string number(const std::string& text, Number least, Number most, Number& out) {
  Number value{};
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc{} || end != text.data() + text.size() || value < least || value > most)
    return "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most);
  out = value;
  return {};
}

template <auto Member, long long Least, long long Most>
std::string integer(C& c, const std::string& text) {
  long long value = 0;
  if (auto error = number<long long>(text, Least, Most, value); !error.empty()) return error;
  c.*Member = static_cast<std::remove_reference_t<decltype(c.*Member)>>(value);
  return {};
}

template <auto Member, long long Least, long long Most>
std::string milliseconds(C& c, const std::string& text) {
  long long value = 0;
  if (auto error = number<long long>(text, Least, Most, value); !error.empty()) return error;
  c.*Member = std::chrono::milliseconds{value};
  return {};
}

template <auto Member>
std::string any_text(C& c, const std::string& text) {
  c.*Member = text;
  return {};
}

template <auto Member>
std::string required_text(C& c, const std::string& text) {
  if (text.empty()) return "must not be empty";
  return any_text<Member>(c, text);
}

template <auto Member>
std::string absolute_path(C& c, const std::string& text) {
  if (!text.empty() && text.front() != '/') return "must be an absolute path";
  c.*Member = text;
  return {};
}

template <auto Member>
std::string ip_address(C& c, const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  const bool is_one = ::inet_pton(AF_INET, text.c_str(), bytes.data()) == 1 ||
                      ::inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1 || text == "localhost";
  return is_one ? any_text<Member>(c, text) : "must be an IP address, such as 127.0.0.1 or ::1";
}

template <auto Member>
std::string required_path(C& c, const std::string& text) {
  if (text.empty()) return "must not be empty";
  return absolute_path<Member>(c, text);
}

inline std::vector<std::string> words(const std::string& text) {
  std::string spaced = text;
  std::ranges::replace(spaced, ',', ' ');
  std::istringstream stream(spaced);
  std::vector<std::string> list;
  for (std::string word; stream >> word;) list.push_back(word);
  return list;
}

template <auto Member>
std::string list(C& c, const std::string& text) {
  c.*Member = words(text);
  return {};
}

template <auto Member>
std::string digests(C& c, const std::string& text) {
  c.*Member = words(text);
  for (const auto& pin : c.*Member)
    if (pin.size() != 64 || pin.find_first_not_of("0123456789abcdef") != std::string::npos)
      return "must be a list of SHA-256 values of 64 lower-case hex digits";
  return {};
}

inline std::string trusted_keys(C& c, const std::string& text) {
  c.audit_trusted_keys = words(text);
  for (const auto& key : c.audit_trusted_keys)
    if (key.size() != 64 || key.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos)
      return "must be a list of Ed25519 public keys of 64 hex digits";
  return {};
}

// Scheme, host and port, and nothing that would say more in a Content-Security-Policy than one origin.
inline bool is_origin(std::string_view text) {
  const auto scheme = text.starts_with("https://") ? 8U : text.starts_with("http://") ? 7U : 0U;
  text.remove_prefix(scheme);
  const auto host = text.substr(0, text.find(':'));
  const auto port = host.size() == text.size() ? std::string_view{"1"} : text.substr(host.size() + 1);
  return scheme > 0 && !host.empty() && host.size() <= 253 && !port.empty() && port.size() <= 5 &&
         host.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-") == std::string_view::npos &&
         port.find_first_not_of("0123456789") == std::string_view::npos;
}

inline std::string frame_ancestors(C& c, const std::string& text) {
  constexpr std::size_t most = 16;
  c.console_frame_ancestors = words(text);
  if (c.console_frame_ancestors.size() > most) return "must be at most 16 origins";
  for (const auto& origin : c.console_frame_ancestors)
    if (!is_origin(origin)) return "must be a list of origins in lower case, such as https://app.example.com";
  return {};
}

inline std::string readable_tenants(C& c, const std::string& text) {
  c.payload_readable_tenants = words(text);
  for (const auto& tenant : c.payload_readable_tenants)
    if (tenant != "*" && !TenantId::parse(tenant)) return "must be a list of tenant ids, or *";
  return {};
}

inline std::string environment(C& c, const std::string& text) {
  for (const auto e : {Environment::production, Environment::local, Environment::dev, Environment::test})
    if (to_string(e) == text) {
      c.environment = e;
      return {};
    }
  return "must be production, local, dev or test";
}

template <auto Member>
std::string boolean(C& c, const std::string& text) {
  if (text != "true" && text != "false") return "is not true or false";
  c.*Member = text == "true";
  return {};
}

inline std::string isolation(C& c, const std::string& text) {
  if (text != "auto" && text != "process" && text != "in_process") return "is not auto, process or in_process";
  c.plugin_isolation = text == "process"      ? PluginIsolation::process
                       : text == "in_process" ? PluginIsolation::in_process
                                              : PluginIsolation::automatic;
  return {};
}

inline std::string plain_http(C& c, const std::string& text) {
  if (text != "listed" && text != "any") return "is not listed or any";
  c.egress_plain_http = text == "any" ? PlainHttp::any : PlainHttp::listed;
  return {};
}

inline std::string engine(C& c, const std::string& text) {
  if (text != "sqlite" && text != "postgres") return "must be sqlite or postgres";
  c.store_engine = text == "sqlite" ? StoreEngine::sqlite : StoreEngine::postgres;
  return {};
}

inline std::string level(C& c, const std::string& text) {
  using telemetry::Level;
  if (text == "debug")
    c.log_level = Level::debug;
  else if (text == "info")
    c.log_level = Level::info;
  else if (text == "warning")
    c.log_level = Level::warning;
  else if (text == "error")
    c.log_level = Level::error;
  else
    return "must be debug, info, warning or error";
  return {};
}

inline std::string log_file(C& c, const std::string& text) {
  if (text != "-" && !text.starts_with('/')) return "must be an absolute path, or - for standard error";
  c.log_file = text;
  return {};
}

}  // namespace opi::configuration::values
