#include "ctl/granted_access.hpp"

#include <algorithm>
#include <boost/json/object.hpp>
#include <optional>
#include <stdexcept>

#include "ctl/plain_text.hpp"

namespace opi::ctl {
namespace {

namespace json = boost::json;

std::string text_in(const json::object& object, std::string_view member) {
  const auto* const found = object.if_contains(member);
  return found == nullptr ? std::string{} : std::string(found->as_string());
}

// Absent and null are an empty list.
json::array list_of(const json::object& object, std::string_view member) {
  const auto* const found = object.if_contains(member);
  return found == nullptr || found->is_null() ? json::array{} : found->as_array();
}

std::set<std::string> texts_of(const json::object& object, std::string_view member) {
  std::set<std::string> texts;
  for (const auto& item : list_of(object, member)) texts.emplace(item.as_string());
  return texts;
}

std::string joined(const std::set<std::string>& texts) {
  std::string all;
  for (const auto& text : texts) all += (all.empty() ? "" : ", ") + (text.empty() ? "\"\"" : text);
  return all;
}

// An object of the document: what it is, and where.
struct Item {
  std::string kind, namespace_name, name;
  json::object body;
  [[nodiscard]] std::string title() const {
    return kind + " " + (namespace_name.empty() ? "" : namespace_name + "/") + name;
  }
};

// A list of the API itself (RoleList) leaves its items' kinds out.
void collect(const json::object& object, const std::string& implied_kind, std::vector<Item>& items) {
  auto kind = object.contains("kind") ? text_in(object, "kind") : implied_kind;
  if (kind.ends_with("List")) {
    kind.resize(kind.size() - 4);
    for (const auto& item : list_of(object, "items")) collect(item.as_object(), kind, items);
    return;
  }
  if (kind.empty()) throw std::runtime_error("an object without a kind");
  const auto& metadata = object.at("metadata").as_object();
  items.push_back({kind, text_in(metadata, "namespace"), text_in(metadata, "name"), object});
}

class Comparison {
 public:
  Comparison(const NeededSecrets& needed, const ServiceAccount& account, std::vector<Item> items)
      : needed_(needed), account_(account), items_(std::move(items)) {}

  AccessDifference run() {
    for (const auto& item : items_)
      if (item.kind == "RoleBinding" || item.kind == "ClusterRoleBinding") judge_binding(item);
    AccessDifference difference{{}, {beyond_.begin(), beyond_.end()}};
    for (const auto& [namespace_name, names] : needed_.by_namespace)
      for (const auto& name : names)
        if (!everywhere_ && !whole_.contains(namespace_name) && !granted_.contains({namespace_name, name}))
          difference.missing.push_back(namespace_name + "/" + name);
    return difference;
  }

 private:
  enum class Subject { nobody, group, itself };

  [[nodiscard]] Subject subject_of(const Item& binding) const {
    auto found = Subject::nobody;
    for (const auto& one : list_of(binding.body, "subjects")) {
      const auto& subject = one.as_object();
      const auto kind = text_in(subject, "kind"), name = text_in(subject, "name");
      if (kind == "ServiceAccount" && name == account_.name && text_in(subject, "namespace") == account_.namespace_name)
        return Subject::itself;
      if (kind == "User" && name == "system:serviceaccount:" + account_.namespace_name + ":" + account_.name)
        return Subject::itself;
      if (kind == "Group" && (name == "system:authenticated" || name == "system:serviceaccounts" ||
                              name == "system:serviceaccounts:" + account_.namespace_name))
        found = Subject::group;
    }
    return found;
  }

  void judge_binding(const Item& binding) {
    const auto subject = subject_of(binding);
    if (subject == Subject::nobody) return;
    const auto& reference = binding.body.at("roleRef").as_object();
    const auto kind = text_in(reference, "kind"), name = text_in(reference, "name");
    const auto namespace_name = kind == "Role" ? binding.namespace_name : std::string{};
    const auto role = std::ranges::find_if(items_, [&](const Item& item) {
      return item.kind == kind && item.name == name && item.namespace_name == namespace_name;
    });
    if (role == items_.end()) {
      add_beyond("what " + binding.title() + " grants is not known: the document has no " + kind + " " + name);
      return;
    }
    for (const auto& rule : list_of(role->body, "rules"))
      judge_rule(rule.as_object(), binding.namespace_name, role->title(), subject);
  }

  // In the namespace of the binding; empty: in all of them.
  void judge_rule(const json::object& rule, const std::string& where, const std::string& by, Subject subject) {
    const auto groups = texts_of(rule, "apiGroups"), resources = texts_of(rule, "resources");
    const auto verbs = texts_of(rule, "verbs"), names = texts_of(rule, "resourceNames");
    const bool core = groups.contains("") || groups.contains("*");
    const bool of_secrets = core && (resources.contains("secrets") || resources.contains("*"));
    if (!of_secrets && subject == Subject::group) return;
    const bool gets = of_secrets && (verbs.contains("get") || verbs.contains("*"));
    const bool nothing_else = groups == std::set<std::string>{""} && resources == std::set<std::string>{"secrets"} &&
                              verbs == std::set<std::string>{"get"};
    if (!nothing_else || names.empty() || where.empty())
      add_beyond(joined(verbs) + " of " + joined(resources.empty() ? texts_of(rule, "nonResourceURLs") : resources) +
                 (names.empty() ? "" : " " + joined(names)) + (where.empty() ? " in every namespace" : " in " + where) +
                 ", by " + by);
    if (gets) note_grant(where, names, by);
  }

  void note_grant(const std::string& where, const std::set<std::string>& names, const std::string& by) {
    if (names.empty() && where.empty()) everywhere_ = true;
    if (names.empty() && !where.empty()) whole_.insert(where);
    if (where.empty()) {
      for (const auto& [namespace_name, needed] : needed_.by_namespace)
        for (const auto& name : names) granted_.insert({namespace_name, name});
      return;
    }
    const auto needed = needed_.by_namespace.find(where);
    for (const auto& name : names) {
      granted_.insert({where, name});
      if (needed == needed_.by_namespace.end() || !needed->second.contains(name))
        add_beyond("get of Secret " + where + "/" + name + ", by " + by);
    }
  }

  void add_beyond(const std::string& line) { beyond_.insert(plain(line)); }

  const NeededSecrets& needed_;
  const ServiceAccount& account_;
  const std::vector<Item> items_;
  bool everywhere_ = false;
  std::set<std::string> whole_;  // namespaces whose every Secret can be read
  std::set<std::pair<std::string, std::string>> granted_;
  std::set<std::string> beyond_;
};

}  // namespace

AccessDifference compare_access(const NeededSecrets& needed, const ServiceAccount& account,
                                const json::value& document) {
  try {
    std::vector<Item> items;
    collect(document.as_object(), {}, items);
    return Comparison(needed, account, std::move(items)).run();
  } catch (const std::exception&) {
    // What a member was instead of what it should be is no help to somebody who gave a wrong file.
    throw std::runtime_error("is not the JSON of roles and bindings that kubectl writes");
  }
}

}  // namespace opi::ctl
