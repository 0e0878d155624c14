#include <boost/json/parse.hpp>

#include "ctl/failure.hpp"
#include "ctl/granted_access.hpp"
#include "ctl/services.hpp"
#include "ctl/table.hpp"

namespace opi::ctl {
namespace {

namespace json = boost::json;

json::array array_of(const std::vector<std::string>& texts) {
  json::array array;
  for (const auto& text : texts) array.emplace_back(text);
  return array;
}

ServiceAccount account_of(const Arguments& arguments) {
  ServiceAccount account{arguments.get("namespace", "integrationsd"),
                         arguments.get("service-account", "integrationsd")};
  if (!is_namespace_name(account.namespace_name)) throw usage_failure("--namespace is no name of a namespace");
  if (!is_object_name(account.name)) throw usage_failure("--service-account is no name of a service account");
  return account;
}

NeededSecrets needed_of_store(Context& context) {
  auto needed = needed_secrets(*context.services().catalog());
  if (const auto too_many = excess(needed))
    throw failure(exit_data, "too-large", "The Role would be too large", *too_many);
  for (const auto& destination : needed.malformed)
    context.err() << "destination " << destination.to_string()
                  << ": a k8s:// reference of it names no Secret; put its credential again\n";
  return needed;
}

json::value parsed(const std::string& file, const std::string& text) {
  boost::system::error_code error;
  auto document = json::parse(text, error);
  if (error)
    throw failure(exit_data, "invalid-content", "The content is not valid", file + ": is not JSON: " + error.message());
  return document;
}

AccessDifference difference_of(Context& context, const NeededSecrets& needed, const ServiceAccount& account,
                               const std::string& file) {
  const auto document = parsed(file, read_document(context, file));
  try {
    return compare_access(needed, account, document);
  } catch (const std::runtime_error& fault) {
    throw failure(exit_data, "invalid-content", "The content is not valid", file + ": " + fault.what());
  }
}

int check(Context& context, const NeededSecrets& needed, const ServiceAccount& account, const std::string& file) {
  const auto difference = difference_of(context, needed, account, file);
  const bool holds = difference.none() && needed.malformed.empty();
  if (context.json()) {
    print_json(context,
               {{"holds", holds}, {"missing", array_of(difference.missing)}, {"beyond", array_of(difference.beyond)}});
    return holds ? exit_ok : exit_findings;
  }
  for (const auto& secret : difference.missing) context.out() << "missing  get of Secret " << secret << "\n";
  for (const auto& line : difference.beyond) context.out() << "beyond   " << line << "\n";
  if (holds) context.out() << "the account may get exactly the Secrets that destinations refer to\n";
  return holds ? exit_ok : exit_findings;
}

int rbac(Context& context, const Arguments& arguments) {
  const auto account = account_of(arguments);
  const auto needed = needed_of_store(context);
  if (arguments.has("check")) return check(context, needed, account, arguments.get("check"));
  auto manifests = access_manifests(needed, account);
  if (context.json())
    print_json(context, {{"apiVersion", "v1"}, {"kind", "List"}, {"items", std::move(manifests)}});
  else
    context.out() << yaml_of(manifests);
  return needed.malformed.empty() ? exit_ok : exit_findings;
}

}  // namespace

std::vector<Command> kubernetes_commands() {
  return {
      {"kubernetes rbac",
       "the rights that reading the destinations' Secrets takes, for kubectl apply",
       "A ServiceAccount, and for each namespace a Role and a RoleBinding that allow get of exactly the Secrets that "
       "k8s:// references of the store name. --check compares with what kubectl get "
       "roles,rolebindings,clusterroles,clusterrolebindings --all-namespaces -o json printed: exit code 1 if the "
       "account lacks a Secret, or may do more.",
       {},
       {{"namespace", "NAME", "where the daemon runs; integrationsd if not given"},
        {"service-account", "NAME", "as whom; integrationsd if not given"},
        {"check", "FILE", "compare with the roles and bindings of this file; - is standard input"}},
       rbac}};
}

}  // namespace opi::ctl
