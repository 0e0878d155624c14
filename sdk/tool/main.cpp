#include <exception>
#include <iostream>
#include <map>

#include "commands.hpp"
#include "failure.hpp"
#include "manual/page.hpp"

namespace {

using opi::tool::Failure;

struct Subcommand {
  int (*run)(const std::vector<std::string>& words);
  std::string_view usage, help;
};

const std::map<std::string, Subcommand, std::less<>> subcommands{
    {"check",
     {&opi::tool::check,
      "check FILE.so [--json FILE] [--junit FILE] [--seed N] [--cases N] [--isolation both|in_process]\n"
      "                           [--config FILE] [--reference REF --tenant ID]",
      R"(The conformance suite. Each check runs in a child process with limits: a crash or a hang is a finding.

  static    the file itself: one export, manifest, hardening, size
  load      what the daemon does to load it, with its probe
  contract  tables, statuses, configurations, structs of older and newer hosts; nothing is read beyond its end
  purity    the same arguments give the same result on many threads; system calls are refused, clock, environment and
            locale are watched
  hostile   payloads and responses that nobody should send; every response gets a sound verdict
  fuzz      the same by chance
  secrets   what is confidential is in no log, error or verdict, nor in the plugin's memory afterwards
  tenant    a secret provider gives a tenant's secret to no other tenant; skipped where no secret is known to ask for

  --isolation both  the default: contract, hostile and fuzz make each call in a process of the plugin's own as well, as
                    the daemon isolates it, and both must come to the same; in_process: they do not
  --json FILE, --junit FILE  the result for programs
  --reference REF, --tenant ID, --config FILE
                    of the tenant check: a secret that there is, the tenant that it is for, and the provider's
                    configuration; the other tenant is made up. Unless said, the manifest's "samples" and the schema's
                    first example
  --seed N   of the fuzz check; 1 unless said. The same seed tries the same
  --cases N  of the fuzz check; 2000 unless said, at most 1000000

Configurations come from the schema's "examples" (or are made up from its defaults), events from the manifest's "samples".
)"}},
    {"golden",
     {&opi::tool::golden, "golden FILE.so DIR|CASE.json... [--update] [--component ID] [--isolation WAY]",
      R"(Plays an adapter's golden cases: renders each, compares the exact request, interprets each response and compares the
verdict. Differences are shown by their place in the case (a JSON Pointer), expected and actual.

  --update        writes what is now into the cases instead
  --isolation WAY process: in a process of the plugin's own; in_process: unless said; both: one after the other
  --component ID  of a plugin with several adapters, the one that the cases are for

A case is a JSON object; all members but "endpoint" may be missing:
  config, endpoint, event (the envelope; what is missing is made up), attempt, step, carry, prior_ref, prior_url, now,
  slots (which of the adapter's have a secret; all unless said), unsigned_allowed (the destination's signing is disabled),
  request {method, url, headers, body} or error (why there is none),
  exchanges [{response {status, headers, body, body_truncated} or {fault, sent}, verdict {kind, reason, detail,
              external_ref, external_url, carry, retry_after_ms, by_status}}]
A body is a JSON value, or a string if it is something else. The secret of a slot is the text <secret:SLOT>: in headers, as
the key of signatures, and in a URL that is a secret as the path below the endpoint's origin. User-Agent is the host's
and not compared. A verdict's reason is the adapter's own; without one the host says http_STATUS.
)"}},
    {"new",
     {&opi::tool::new_plugin, "new NAME [--directory DIR]",
      R"(Makes a whole plugin in DIR (./NAME unless said) from the SDK's template: an adapter in C++ with its manifest, build, golden
cases, tests and a file for CI. It builds against the installed SDK and passes opi-plugin check as it is.

NAME is a lower-case letter, then such letters, digits and '_'.
)"}},
    {"preview",
     {&opi::tool::preview,
      "preview FILE.so [--config FILE] [--event FILE | --sample N] [--response FILE]... [--step N]",
      R"(Renders an event to the exact request, and interprets responses.

  --component ID   of a plugin with several adapters
  --config FILE    the destination's configuration; the schema's first example unless said
  --event FILE     an envelope, of which anything may be missing
  --sample N       the manifest's sample N, from 0; a usual event comes after the last
  --endpoint URL   of the destination
  --step N, --carry TEXT, --prior-ref TEXT, --prior-url URL
                   as the host would hand them over
  --response FILE  {"status", "headers": {…}, "body"} or {"fault", "sent"}: prints the verdict. If the verdict is "continue", the
                   next step is rendered, and the next --response answers it

The secret of a slot is the text <secret:SLOT>: in headers, as the key of signatures (so that anyone can compute them),
and in a URL that is a secret as the path below the endpoint's origin.
)"}},
};

void print_help(std::ostream& out) {
  out << "usage: opi-plugin COMMAND …\n\nProves a plugin of OneProtect Integrations right.\n\n";
  for (const auto& [name, command] : subcommands) out << "  opi-plugin " << command.usage << "\n";
  out << "\nopi-plugin COMMAND --help says more. Exit codes: 0 done and all is well, 1 something was found, 2 it could "
         "not be\n"
         "done, and why.\n";
}

// What an installation has as opi-plugin(1).
std::string manual_page() {
  opi::manual::Page page("opi-plugin", "1", "make plugins of integrationsd and prove them right",
                         "OneProtect Integrations", "OneProtect Integrations");
  page.section("SYNOPSIS").synopsis("opi-plugin", "COMMAND [ARGUMENT]...");
  page.section("DESCRIPTION")
      .paragraph(
          "Works on plugins of integrationsd(8) with the daemon's own loader and checks: what it accepts is what the "
          "daemon accepts.");
  page.section("COMMANDS");
  for (const auto& [name, command] : subcommands) page.subsection(command.usage).example(command.help);
  page.section("EXIT STATUS")
      .item("0", "", "Done, and all is well.")
      .item("1", "", "Something was found.")
      .item("2", "", "It could not be done; standard error says why.");
  page.section("SEE ALSO").paragraph("integrationsd(8)");
  return page.text();
}

bool asks_for_help(const std::string& word) { return word == "--help" || word == "-h" || word == "help"; }

int run(const std::vector<std::string>& words) {
  if (words.empty()) throw Failure("needs a command; opi-plugin --help lists them");
  if (asks_for_help(words.front())) return print_help(std::cout), opi::tool::exit_ok;
  if (words.front() == "--manual") return std::cout << manual_page(), opi::tool::exit_ok;  // for the build
  const auto found = subcommands.find(words.front());
  if (found == subcommands.end())
    throw Failure("there is no command \"" + words.front() + "\"; opi-plugin --help lists them");
  const std::vector<std::string> rest(words.begin() + 1, words.end());
  for (const auto& word : rest)
    if (word == "--help" || word == "-h") {
      std::cout << "usage: opi-plugin " << found->second.usage << "\n\n" << found->second.help;
      return opi::tool::exit_ok;
    }
  return found->second.run(rest);
}

}  // namespace

#if defined(__SANITIZE_ADDRESS__)  // a crash of a plugin is to be seen as its signal, and a plugin is never closed
extern "C" const char* __asan_default_options() {
  return "detect_leaks=0:handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0:handle_abort=0";
}
#endif

int main(int argc, char** argv) {
  try {
    return run({argv + 1, argv + argc});
  } catch (const std::exception& failure) {
    std::cerr << "opi-plugin: " << failure.what() << "\n";
    return opi::tool::exit_cannot_run;
  }
}
