#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <istream>
#include <map>
#include <ostream>
#include <system_error>

#include "audit/signing_key_file.hpp"
#include "ctl/config_file.hpp"
#include "ctl/failure.hpp"
#include "ctl/findings.hpp"
#include "ctl/services.hpp"
#include "ctl/store_access.hpp"
#include "ctl/table.hpp"
#include "node/parts.hpp"
#include "plugins/refusal_codes.hpp"

namespace opi::ctl {
namespace {

namespace fs = std::filesystem;

constexpr const char* usual_user = "integrationsd";  // of the package
constexpr std::size_t max_answer_bytes = 4096;
constexpr auto readable_by_all = fs::perms{0644}, open_to_all = fs::perms{0755};

using Answers = std::map<std::string, std::string>;  // by option

bool always(const Answers&) { return true; }
bool on_postgres(const Answers& answers) { return answers.at("engine") == "postgres"; }
bool with_files(const Answers& answers) { return answers.at("files-root") != "none"; }

// One thing that a first configuration needs to know: an option says it, or else the person at the terminal.
struct Question {
  const char* option;
  const char* value;  // what stands for it in help
  const char* key;    // of the configuration
  const char* text;
  const char* usual;  // what no answer means
  bool (*applies)(const Answers& before);
  const char* goes_with;  // for whoever names it where it does not
};

constexpr std::array<Question, 7> questions{{
    {"engine", "ENGINE", "store.engine", "Database: sqlite (one node, nothing to install) or postgres", "sqlite",
     always, ""},
    {"connection-file", "FILE", "store.postgres_connection_file",
     "File that holds PostgreSQL's connection string (mode 0600)", "/etc/integrationsd/postgres", on_postgres,
     "--engine postgres"},
    {"audit-key", "FILE", "audit.signing_key_file",
     "Key that signs the audit trail, the same file on every node (made if missing)", "/etc/integrationsd/audit.pem",
     on_postgres, "--engine postgres"},
    {"files-root", "DIR", "secret_provider.files.root", "Folder of mounted secrets for file:// references, or none",
     "none", always, ""},
    {"files-layout", "LAYOUT", "secret_provider.files.layout", "Path of a secret below that folder",
     "{tenant}/{secret}/{key}", with_files, "--files-root"},
    {"kubernetes", "ACCESS", "secret_provider.kubernetes.access",
     "Kubernetes for k8s:// references: in_cluster, the path of a kubeconfig, or none", "none", always, ""},
    {"api-address", "ADDRESS", "api.address",
     "Address of the API; others than loopback belong behind a proxy that speaks TLS", "127.0.0.1", always, ""},
}};

std::string ask(Context& context, const Question& question) {
  context.out() << question.text << " [" << question.usual << "]: " << std::flush;
  std::string line;
  for (char c = 0; context.in().get(c) && c != '\n';) {
    if (line.size() == max_answer_bytes)
      throw failure(exit_data, "invalid-content", "The answer is too long",
                    "an answer has at most " + std::to_string(max_answer_bytes) + " bytes");
    line += c;
  }
  if (!context.in() && line.empty())
    throw failure(exit_data, "no-answer", "The question was not answered",
                  "the input ended before --" + std::string(question.option) + " was answered; nothing was written");
  return line.empty() ? question.usual : line;
}

Answers gather(Context& context, const Arguments& arguments) {
  const bool may_ask = !context.json() && ::isatty(STDIN_FILENO) != 0 && !arguments.has("yes");
  Answers answers;
  for (const auto& question : questions) {
    if (!question.applies(answers)) {
      if (arguments.has(question.option))
        throw usage_failure("--" + std::string(question.option) + " goes with " + question.goes_with);
      continue;
    }
    answers[question.option] = arguments.has(question.option) ? arguments.get(question.option)
                               : may_ask                      ? ask(context, question)
                                                              : question.usual;
  }
  return answers;
}

// The file's text: what was answered, the rest at its default.
std::string compose(const Answers& answers) {
  std::string text =
      "# Written by integrationsctl init. What does not stand here has its default: integrationsd.conf(5), or\n"
      "# integrationsd --print-config, tells every key. integrationsctl doctor examines the node.\n\n"
      "[general]\nenvironment=production\n";
  std::string section = "general";
  for (const auto& question : questions) {
    const auto answer = answers.find(question.option);
    if (answer == answers.end() || answer->second == "none") continue;
    const std::string key = question.key;
    const auto dot = key.rfind('.');
    if (key.substr(0, dot) != section) {
      section = key.substr(0, dot);
      text += "\n[" + section + "]\n";
    }
    text += key.substr(dot + 1) + "=" + answer->second + "\n";
  }
  return text;
}

bool is_as_shipped(const fs::path& file, const configuration::Configuration& configuration) {
  const std::string shipped = node::documented_configuration(configuration);
  std::ifstream stream(file, std::ios::binary);
  std::string content(shipped.size() + 1, '\0');
  stream.read(content.data(), static_cast<std::streamsize>(content.size()));
  content.resize(static_cast<std::size_t>(stream.gcount()));
  return content == shipped;
}

// The new file beside the one that it is to become; it goes if it does not.
class Draft {
 public:
  explicit Draft(const fs::path& file, const std::string& text) : file_(file), part_(file.string() + ".new") {
    std::ofstream stream(part_, std::ios::binary | std::ios::trunc);
    stream << text;
    if (!stream.flush())
      throw failure(errno == EACCES ? exit_permission : exit_conflict, "no-output", "The file cannot be written",
                    part_.string() + ": cannot be written");
    stream.close();
    // The daemon is to read it, whatever the umask of who is at the terminal: it holds no secret.
    fs::permissions(part_, readable_by_all);
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  ~Draft() {
    std::error_code gone_already;
    fs::remove(part_, gone_already);
  }
  [[nodiscard]] std::string path() const { return part_.string(); }
  void keep() { fs::rename(part_, file_); }

 private:
  fs::path file_, part_;
};

void check_target(const fs::path& file, const configuration::Configuration& configuration, bool force) {
  std::error_code fault;
  if (force || !fs::exists(file, fault) || is_as_shipped(file, configuration)) return;
  throw failure(exit_conflict, "exists", "The file is there already",
                file.string() + " was written by somebody; --force replaces it, --output names another");
}

// An error that begins with the draft's name, which is gone when it is read.
std::string without(const std::string& beginning, const std::string& text) {
  return text.starts_with(beginning) ? text.substr(beginning.size()) : text;
}

// With those above it. The daemon is to pass through, whatever the umask.
void make_folder(const fs::path& folder) {
  if (folder.empty() || fs::exists(folder)) return;
  make_folder(folder.parent_path());
  if (fs::create_directory(folder)) fs::permissions(folder, open_to_all);
}

// As systemd would make it. Without that user, what root makes here is root's, and a daemon of another user fails on
// it.
void make_state_directory(const fs::path& folder, Findings& findings) {
  if (::geteuid() != 0 || fs::exists(folder)) return;
  std::array<char, 16384> buffer;
  passwd entry{};
  passwd* user = nullptr;
  if (::getpwnam_r(usual_user, &entry, buffer.data(), buffer.size(), &user) != 0 || user == nullptr) {
    findings.warning("state",
                     folder.string() + " was not there, and there is no user " + usual_user + ": it is made for root",
                     "make the daemon's user and chown " + folder.string() + " to it");
    return;
  }
  make_folder(folder.parent_path());
  if (::mkdir(folder.c_str(), S_IRWXU) != 0 || ::chown(folder.c_str(), user->pw_uid, user->pw_gid) != 0)
    throw std::system_error(errno, std::generic_category(), folder.string() + " cannot be made for " + usual_user);
}

// Made on the first node, and given to the daemon's user as the state directory is.
void make_audit_key(const configuration::Configuration& configuration, const std::string& file) {
  make_folder(fs::path(file).parent_path());
  audit::open_signing_key(file);
  struct stat state {};
  if (::geteuid() == 0 && ::stat(configuration.state_directory.c_str(), &state) == 0 &&
      ::lchown(file.c_str(), state.st_uid, state.st_gid) != 0)
    throw std::system_error(errno, std::generic_category(), file + " cannot be given to the daemon's user");
}

// A section that its provider refuses is for the person at the terminal, and not for the daemon's first start.
void try_providers(Context& given, const configuration::Configuration& configuration) {
  PluginDesk desk(configuration, given.clock(), given.random());
  desk.providers();
  for (const auto& refusal : desk.host().refused())
    if (refusal.code == plugins::codes::config_refused.code)
      throw failure(exit_configuration, "configuration", "The configuration would not be valid",
                    refusal.message + "; nothing was written");
}

int init(Context& given, const Arguments& arguments) {
  const fs::path file = arguments.get("output", given.config_file().empty() ? usual_config_file : given.config_file());
  check_target(file, given.configuration(), arguments.has("force"));
  const auto answers = gather(given, arguments);
  const std::string text = compose(answers);

  Draft draft(file, text);
  auto loaded = configuration::load(draft.path(), configuration::environment_variables(), {});
  for (const auto& fault : node::faults(loaded.configuration)) loaded.errors.push_back("configuration: " + fault);
  if (!loaded.errors.empty())
    throw failure(exit_configuration, "configuration", "The configuration would not be valid",
                  without(draft.path() + ": ", loaded.errors.front()) + "; nothing was written");
  try_providers(given, loaded.configuration);
  Findings findings;
  make_state_directory(loaded.configuration.state_directory, findings);
  if (const auto key = answers.find("audit-key"); key != answers.end())
    make_audit_key(loaded.configuration, key->second);
  draft.keep();

  Context context(loaded, file.string(), given.json(), given.clock(), given.random(),
                  {given.in(), given.out(), given.err()});
  if (!context.json()) context.out() << "wrote " << file.string() << "\n\n";
  try {
    context.services();  // makes the schema, so that the examination is of what the daemon will find
  } catch (const Failure&) {
    // What is wrong with the store is among the findings, with its remedy.
  }
  const int code = report(context, {{"file", file.string()}}, std::move(findings));
  if (code == exit_ok && !context.json())
    context.out()
        << "\nnext: systemctl start integrationsd, then a tenant and an administrator for it:\n"
           "  integrationsctl tenants create acme --name Acme\n"
           "  integrationsctl tokens issue --tenant acme --role tenant_admin --label me --expires-in-days 90\n";
  return code;
}

std::vector<Option> options() {
  std::vector<Option> all{{"output", "FILE", "where to write; else what --config names, else /etc/integrationsd.conf"},
                          {"force", "", "replace a file that somebody wrote"},
                          {"yes", "", "ask nothing: what no option says is as usual"}};
  for (const auto& question : questions) all.push_back({question.option, question.value, question.text});
  return all;
}

}  // namespace

std::vector<Command> init_commands() {
  return {
      {"init",
       "write a node's first configuration, for production, and examine the node",
       "It asks at a terminal for what no option says; elsewhere, and with --yes, what is usual is taken. A file that "
       "somebody wrote is left alone unless --force is given. It makes the schema of the database and ends as doctor "
       "does, with doctor's findings and exit code.",
       {},
       options(),
       init}};
}

}  // namespace opi::ctl
