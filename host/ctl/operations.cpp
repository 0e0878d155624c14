#include <unistd.h>

#include <boost/json/serialize.hpp>
#include <chrono>
#include <ostream>
#include <thread>

#include "ctl/bulk.hpp"
#include "ctl/failure.hpp"
#include "ctl/table.hpp"

namespace opi::ctl {
namespace {

namespace json = boost::json;

constexpr std::chrono::milliseconds look_interval{500};

std::string path_of(const Arguments& arguments) { return "/operations/" + segment(arguments.get("OPERATION")); }

int list_operations(Context& context, const Arguments& arguments) {
  return list(context, arguments, "/operations", "operations",
              {{"OPERATION", "operation_id"},
               {"KIND", "kind"},
               {"STATE", "state"},
               {"COUNTED", "counted"},
               {"DONE", "done"},
               {"FAILED", "failed"},
               {"STARTED", "created_at"},
               {"ENDED", "finished_at"}});
}

int show_operation(Context& context, const Arguments& arguments) {
  return show(context, get(context, arguments, path_of(arguments)));
}

int cancel_operation(Context& context, const Arguments& arguments) {
  return show(context, call(context, arguments, {"POST", path_of(arguments) + ":cancel", {}, "{}"}));
}

int start_operation(Context& context, const Arguments& arguments) {
  if (arguments.has("yes") && arguments.has("dry-run"))
    throw usage_failure("--yes and --dry-run contradict each other");
  const auto filter = arguments.texts(Option::Use::body);
  if (filter.empty() != arguments.has("every")) throw usage_failure("name filters, or --every for all of the tenant");
  json::object document{{"kind", arguments.get("KIND")}, {"filter", filter}, {"dry_run", !arguments.has("yes")}};
  if (arguments.has("reason")) document["reason"] = arguments.get("reason");
  if (const auto rate = arguments.number("rate-per-second", 1, 10'000)) document["rate_per_second"] = *rate;
  show(context, call(context, arguments, {"POST", "/operations", {}, json::serialize(document)}));
  if (!context.json() && !arguments.has("yes")) context.err() << "nothing was started; --yes does it\n";
  return exit_ok;
}

// "[=====     ]  50 %  500 of 1000"; what was counted at the start is an estimate by the end.
std::string bar_of(const json::object& operation) {
  constexpr std::int64_t width = 40;
  const auto done = operation.at("done").as_int64() + operation.at("failed").as_int64();
  const auto all = std::max<std::int64_t>({operation.at("counted").as_int64(), done, 1});
  const auto filled = static_cast<std::size_t>(done * width / all);
  const auto percent = std::to_string(done * 100 / all);
  return "[" + std::string(filled, '=') + std::string(width - filled, ' ') + "] " +
         std::string(3 - percent.size(), ' ') + percent + " %  " + std::to_string(done) + " of " + std::to_string(all);
}

// Until it has ended. The bar is for people: on standard error, if that is a terminal.
int wait_for_operation(Context& context, const Arguments& arguments) {
  const bool drawn = !context.json() && isatty(STDERR_FILENO) == 1;
  for (;;) {
    const auto answer = get(context, arguments, path_of(arguments));
    const auto& operation = answer.body;
    const auto& state = operation.at("state").as_string();
    if (drawn) context.err() << '\r' << bar_of(operation) << std::flush;
    if (state == "running") {
      std::this_thread::sleep_for(look_interval);
      continue;
    }
    if (drawn) context.err() << '\n';
    show(context, answer);
    return state == "done" ? exit_ok : exit_findings;
  }
}

const Positional id{"OPERATION", "its id"};

}  // namespace

std::vector<Command> operation_commands() {
  auto filters = filter_options();
  for (auto& option : filters) option.use = Option::Use::body;
  return {
      {"operations start",
       "start an operation over many deliveries, which the daemon works off",
       "KIND is cancel (what waits), replay (dead letters) or resend (what was delivered, or failed). Only counted "
       "unless --yes is given. It survives a restart of the daemon.",
       {{"KIND", "cancel, replay or resend"}},
       std::vector{tenant_option()} + filters +
           std::vector<Option>{
               {"state", "STATES", "pending or retry_scheduled for cancel, delivered or failed for resend",
                Option::Use::body},
               {"every", "", "all of the tenant, instead of filters"},
               {"reason", "TEXT", "why, of the kind cancel, 1 to 512 bytes"},
               {"rate-per-second", "N", "at most so many deliveries a second, 1 to 10000"},
               {"dry-run", "", "only count those that match; so it is without --yes"},
               {"yes", "", "do it"}},
       start_operation},
      {"operations list",
       "operations over many deliveries, newest first",
       "",
       {},
       std::vector{tenant_option()} + page_options(),
       list_operations},
      {"operations show", "one operation, and how far it is", "", {id}, {tenant_option()}, show_operation},
      {"operations cancel", "end an operation; what it did stays done", "", {id}, {tenant_option()}, cancel_operation},
      {"operations wait",
       "wait until an operation has ended",
       "Draws a bar if standard error is a terminal. Exit code 1 if it failed or was cancelled.",
       {id},
       {tenant_option()},
       wait_for_operation}};
}

}  // namespace opi::ctl
