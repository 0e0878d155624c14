#include <boost/json.hpp>
#include <stdexcept>

#include "check/checks.hpp"
#include "check/examples.hpp"
#include "plugins/plugin_secret_provider.hpp"
#include "plugins/sandbox_process.hpp"
#include "silent_logger.hpp"

namespace opi::tool {
namespace {

namespace json = boost::json;
using secrets::ResolveStatus;

constexpr std::chrono::seconds patience{10};  // of one resolve()
constexpr const char* tenant_remedy =
    "answer OPI_E_DENIED unless the store says that the secret is the query's tenant's, or have {tenant} in the "
    "reference: then the host sees to it";
constexpr const char* sample_remedy =
    "give a reference, a tenant that it is for, and a configuration that lead to a value: in the manifest's "
    "\"samples\", "
    "or with --reference, --tenant and --config";
constexpr const char* needs_remedy =
    "declare in the manifest's \"needs\" what the provider reads or reaches: undeclared, the system calls for it end "
    "its process";

// A secret that is there, and whose it is.
struct Known {
  std::string reference;
  TenantId tenant;
};

Known known_of(const std::string& reference, const std::string& tenant) {
  auto parsed = TenantId::parse(tenant);
  if (!parsed) throw std::runtime_error("\"" + tenant + "\" is no tenant's id");
  return {reference, std::move(*parsed)};
}

std::vector<Known> known_secrets(const plugins::Component& component, const Subject& subject) {
  std::vector<Known> all;
  if (!subject.reference.empty()) {
    if (subject.reference.starts_with(component.reference->scheme() + "://"))
      all.push_back(known_of(subject.reference, subject.tenant));
    return all;
  }
  const auto samples = json::parse(component.samples_json);
  for (const auto& sample : samples.as_array()) {
    const auto* const object = sample.if_object();
    const auto text = [&](const char* name) {
      const auto* const member = object == nullptr ? nullptr : object->if_contains(name);
      if (member == nullptr || !member->is_string())
        throw std::runtime_error("a sample of a secret provider is not {\"reference\": \"…\", \"tenant\": \"…\"}");
      return std::string(member->get_string());
    };
    all.push_back(known_of(text("reference"), text("tenant")));
  }
  return all;
}

// How a tenant fares with a reference. Empty: it is refused, or gets nothing.
struct Answer {
  std::string got;      // what of the secret it was told
  std::string version;  // of the value
  std::string refusal;
};

Answer ask(plugins::PluginSecretProvider& provider, const std::string& reference, const TenantId& tenant,
           const std::string& known_version = {}) {
  try {
    const auto parsed = provider.parse(reference, tenant);
    const std::vector<std::string> keys{parsed.key};
    const auto found =
        provider.resolve({parsed, keys, tenant, known_version, std::chrono::steady_clock::now() + patience});
    if (found.status == ResolveStatus::not_modified) return {"that it has not changed", found.version, {}};
    if (found.status == ResolveStatus::ok && found.values.front()) return {"its value", found.version, {}};
    return {{}, {}, found.status == ResolveStatus::ok ? "there is no such key" : found.failure};
  } catch (const secrets::InvalidReference& refused) {
    return {{}, {}, refused.what()};
  }
}

TenantId another_than(const TenantId& tenant) {
  const std::string usual = "opi-check-stranger";
  return *TenantId::parse(tenant.str() == usual ? usual + "-2" : usual);
}

void try_secret(plugins::PluginSecretProvider& provider, const Known& known, const std::string& component,
                Report& report) {
  const auto stranger = another_than(known.tenant);
  const auto judge = [&](const std::string& when, const std::string& version) {
    report.step(component + ": the secret of another tenant, " + when);
    const auto told = ask(provider, known.reference, stranger, version);
    if (!told.got.empty())
      report.finding(component + ": tells a tenant that the secret is not for " + told.got + ", " + when,
                     tenant_remedy);
  };
  judge("before it was asked for", {});
  report.step(component + ": the secret of the tenant that it is for");
  const auto own = ask(provider, known.reference, known.tenant);
  const bool killed = own.refusal.find(plugins::forbidden_call) != std::string::npos;
  if (own.got != "its value")
    return report.finding(component + ": the tenant that the secret is for does not get it: " + own.refusal,
                          killed ? needs_remedy : sample_remedy);
  judge("after it was given to the tenant that it is for", {});
  judge("by the version that it has", own.version);
}

std::string config_for(const plugins::Component& component, const Subject& subject) {
  if (!subject.config.empty()) return subject.config;
  const auto configs = example_configs(component);
  return configs.empty() ? "{}" : configs.front();
}

}  // namespace

void check_tenant(const Subject& subject, Report& report) {
  SilentLogger logger;
  Specimen specimen(subject, logger);
  if (subject.isolated_too) specimen.isolate(subject, logger);
  std::string not_judged;
  for (const auto& component : specimen.plugin().manifest().components) {
    if (component.kind != plugins::ComponentKind::secret_provider) continue;
    const auto secrets = known_secrets(component, subject);
    if (secrets.empty() && component.reference->has_tenant()) continue;  // the host sees to it
    if (secrets.empty()) {
      not_judged += (not_judged.empty() ? "" : ", ") + component.id;
      continue;
    }
    report.step(component.id + ": create()");
    plugins::PluginSecretProvider provider(specimen.outermost(), component, config_for(component, subject));
    for (const auto& known : secrets) try_secret(provider, known, component.id, report);
  }
  if (!not_judged.empty())
    report.skip(
        "no secret is known that " + not_judged +
        " could be asked for: name one by --reference, --tenant and --config, or in the manifest's \"samples\"");
}

}  // namespace opi::tool
