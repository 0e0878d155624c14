#include <boost/json/serialize.hpp>

#include "ctl/table.hpp"

namespace opi::ctl {
namespace {

namespace json = boost::json;

int list_tenants(Context& context, const Arguments& arguments) {
  return list(context, arguments, "/tenants", "tenants", {{"TENANT", "tenant_id"}, {"NAME", "name"}});
}

int show_tenant(Context& context, const Arguments& arguments) {
  return show(context, get(context, arguments, "/tenants/" + segment(arguments.get("TENANT"))));
}

int create_tenant(Context& context, const Arguments& arguments) {
  const json::object document{{"tenant_id", arguments.get("TENANT")}, {"name", arguments.get("name")}};
  return show(context, call(context, arguments, {"POST", "/tenants", {}, json::serialize(document)}));
}

int rename_tenant(Context& context, const Arguments& arguments) {
  const json::object document{{"name", arguments.get("name")}};
  return show(context, call(context, arguments,
                            {"PUT",
                             "/tenants/" + segment(arguments.get("TENANT")),
                             {},
                             json::serialize(document),
                             arguments.revision()}));
}

const Option name_option{"name", "NAME", "what people call it", Option::Use::own, true};

}  // namespace

std::vector<Command> tenant_commands() {
  return {{"tenants list", "the tenants of this installation, by id", "", {}, page_options(), list_tenants},
          {"tenants show", "one tenant", "", {{"TENANT", "its id"}}, {}, show_tenant},
          {"tenants create",
           "make a tenant",
           "Ids hold lower-case letters, digits, '-' and '_', do not begin with '_' and never change.",
           {{"TENANT", "its id"}},
           {name_option},
           create_tenant},
          {"tenants rename",
           "give a tenant another name",
           "",
           {{"TENANT", "its id"}},
           {name_option, if_match_option()},
           rename_tenant}};
}

}  // namespace opi::ctl
