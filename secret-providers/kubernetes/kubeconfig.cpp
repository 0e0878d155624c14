#include "kubeconfig.hpp"

#include <Poco/Exception.h>
#include <Poco/URI.h>
#include <openssl/crypto.h>
#include <yaml-cpp/yaml.h>

#include <array>
#include <istream>
#include <opi/plugin.hpp>
#include <streambuf>

#include "base64.hpp"

namespace opi::kubernetes {
namespace {

using sdk::Failure;

[[noreturn]] void refuse(const std::string& why) { throw Failure(OPI_E_FAILED, "the kubeconfig " + why); }

// Lets the parser read the private pages themselves.
class BufferView : public std::streambuf {
 public:
  explicit BufferView(PrivateBuffer& content) { setg(content.data(), content.data(), content.data() + content.size()); }
};

const YAML::Node member(const YAML::Node& node, const char* name) {
  return node.IsDefined() && node.IsMap() ? node[name] : YAML::Node(YAML::NodeType::Undefined);
}

std::string text(const YAML::Node& node, const char* name) {
  const auto found = member(node, name);
  if (!found.IsDefined() || found.IsNull()) return {};
  if (!found.IsScalar()) refuse(std::string("has a ") + name + " that is not a text");
  return found.Scalar();
}

// The parser's own copy goes; what its scanner left in freed memory cannot be reached (docs/secret-stores.md).
PrivateBuffer private_text(const YAML::Node& node, const char* name) {
  const auto found = member(node, name);
  if (!found.IsDefined() || !found.IsScalar()) refuse(std::string("has a ") + name + " that is not a text");
  PrivateBuffer copy(found.Scalar().size() + 1);
  if (!copy.append(found.Scalar())) refuse("is too large");
  auto& scalar = const_cast<std::string&>(found.Scalar());
  OPENSSL_cleanse(scalar.data(), scalar.size());
  return copy;
}

PrivateBuffer decoded(const PrivateBuffer& base64, const char* name) {
  const auto size = base64_size(base64.view());
  if (!size || *size == 0) refuse(std::string("has a ") + name + " that is not base64");
  PrivateBuffer out(*size);
  if (!base64_decode(base64.view(), {reinterpret_cast<std::uint8_t*>(out.data()), *size}))
    refuse(std::string("has a ") + name + " that is not base64");
  out.added(*size);
  return out;
}

void refuse_any(const YAML::Node& node, std::initializer_list<const char*> names, const std::string& why) {
  for (const auto* const name : names) {
    const auto found = member(node, name);
    if (found.IsDefined() && !found.IsNull() && !(found.IsScalar() && found.Scalar() == "false"))
      refuse(std::string("has ") + name + ", " + why);
  }
}

// The entry of clusters, users or contexts that has this name.
YAML::Node entry(const YAML::Node& config, const char* list, const char* kind, const std::string& name) {
  const auto all = member(config, list);
  if (all.IsDefined() && all.IsSequence())
    for (const auto& one : all)
      if (text(one, "name") == name) return member(one, kind);
  refuse(std::string("has no entry of ") + list + " with the name that its current context needs");
}

class Reader {
 public:
  explicit Reader(const std::string& file) : directory_(file.substr(0, file.rfind('/') + 1)) {}

  Access read(const std::string& file) {
    auto content = access_.read(file, "the kubeconfig");
    BufferView view(content);
    std::istream in(&view);
    try {
      of_context(YAML::Load(in));
    } catch (const YAML::Exception& fault) {
      refuse("is not the YAML of a kubeconfig, line " + std::to_string(fault.mark.line + 1));
    }
    return std::move(access_);
  }

 private:
  void of_context(const YAML::Node& config) {
    const auto current = text(config, "current-context");
    if (current.empty()) refuse("has no current-context");
    const auto context = entry(config, "contexts", "context", current);
    of_cluster(entry(config, "clusters", "cluster", text(context, "cluster")));
    of_user(entry(config, "users", "user", text(context, "user")));
  }

  void of_cluster(const YAML::Node& cluster) {
    refuse_any(cluster, {"insecure-skip-tls-verify"}, "which would send secrets to anybody");
    refuse_any(cluster, {"proxy-url"}, "which is not supported");
    of_server(text(cluster, "server"));
    if (const auto name = text(cluster, "tls-server-name"); !name.empty()) access_.server_name = name;
    access_.ca_pem = file_or_data(cluster, "certificate-authority", "certificate-authority-data").view();
  }

  void of_server(const std::string& server) {
    try {
      const Poco::URI uri(server);
      if (uri.getScheme() != "https" || uri.getHost().empty() || !uri.getQuery().empty() || !uri.getUserInfo().empty())
        refuse("has a server that is not an https URL");
      access_.host = access_.server_name = uri.getHost();
      access_.port = std::to_string(uri.getPort());
      access_.path_prefix = uri.getPathEtc();
      while (access_.path_prefix.ends_with('/')) access_.path_prefix.pop_back();
    } catch (const Poco::Exception&) {
      refuse("has a server that is not an https URL");
    }
  }

  void of_user(const YAML::Node& user) {
    refuse_any(user, {"exec"}, "which would have the daemon run a program; use a tokenFile that is kept current");
    refuse_any(user, {"auth-provider", "username", "password", "as", "as-uid", "as-groups", "as-user-extra"},
               "which is not supported");
    // As kubectl does, the file goes before the text.
    if (const auto file = text(user, "tokenFile"); !file.empty())
      access_.token.emplace(
          checked_token(access_.read(absolute(file), "the token of the kubeconfig"), "the tokenFile's content"));
    else if (member(user, "token").IsDefined())
      access_.token.emplace(checked_token(private_text(user, "token"), "the kubeconfig's token"));
    if (member(user, "client-certificate").IsDefined() || member(user, "client-certificate-data").IsDefined())
      access_.identity.emplace(
          ClientIdentity{std::string(file_or_data(user, "client-certificate", "client-certificate-data").view()),
                         file_or_data(user, "client-key", "client-key-data")});
    if (!access_.token && !access_.identity) refuse("has neither a token nor a client certificate for its user");
  }

  PrivateBuffer file_or_data(const YAML::Node& node, const char* file, const char* data) {
    if (member(node, data).IsDefined()) return decoded(private_text(node, data), data);
    const auto path = text(node, file);
    if (path.empty())
      refuse(std::string("has neither ") + file + " nor " + data + "; the system's authorities are not trusted here");
    return access_.read(absolute(path), std::string("the ") + file + " of the kubeconfig");
  }

  [[nodiscard]] std::string absolute(const std::string& path) const {
    return path.starts_with('/') ? path : directory_ + path;
  }

  const std::string directory_;
  Access access_;
};

}  // namespace

Access access_of_kubeconfig(const std::string& file) { return Reader(file).read(file); }

}  // namespace opi::kubernetes
