#include "ctl/bulk.hpp"

#include <boost/json/serialize.hpp>
#include <ostream>

#include "ctl/failure.hpp"
#include "ctl/table.hpp"

namespace opi::ctl {
namespace {

constexpr std::int64_t max_moves = 10'000;

}  // namespace

int act(Context& context, const Arguments& arguments, const Bulk& bulk) {
  const auto filter = arguments.texts(Option::Use::body);
  boost::json::object document;
  if (arguments.has("reason")) document["reason"] = arguments.get("reason");
  if (arguments.has(bulk.id)) {
    if (!filter.empty() || arguments.has("every") || arguments.has("yes") || arguments.has("dry-run") ||
        arguments.has("limit"))
      throw usage_failure("an ID stands alone: filters, --every, --limit, --yes and --dry-run are for many");
    const auto path = bulk.collection + "/" + segment(arguments.get(bulk.id)) + bulk.verb;
    return show(context, call(context, arguments, {"POST", path, {}, boost::json::serialize(document)}));
  }
  if (filter.empty() != arguments.has("every"))
    throw usage_failure("name an ID, or filters, or --every for " + bulk.all);
  if (arguments.has("yes") && arguments.has("dry-run"))
    throw usage_failure("--yes and --dry-run contradict each other");
  document["filter"] = filter;
  document["dry_run"] = !arguments.has("yes");
  if (const auto limit = arguments.number("limit", 1, max_moves)) document["limit"] = *limit;
  const auto path = bulk.collection + bulk.verb;
  show(context, call(context, arguments, {"POST", path, {}, boost::json::serialize(document)}));
  if (!context.json() && !arguments.has("yes")) context.err() << "nothing was changed; --yes does it\n";
  return exit_ok;
}

std::vector<Option> bulk_options(std::string_view every, std::string_view limit) {
  auto filters = filter_options();
  for (auto& option : filters) option.use = Option::Use::body;
  return std::vector{tenant_option()} + filters +
         std::vector<Option>{{"every", "", every},
                             {"limit", "N", limit},
                             {"dry-run", "", "only count those that match; so it is without --yes"},
                             {"yes", "", "do it"}};
}

}  // namespace opi::ctl
