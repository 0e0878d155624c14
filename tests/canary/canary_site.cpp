#include "canary/canary_site.hpp"

#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

#include "canary/client_certificate.hpp"

namespace opi::canary_test {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// All of a program's output. Throws if it fails.
std::string output_of(const std::vector<std::string>& command, const fs::path& errors) {
  demo::ChildProcess process({command[0], {command.begin() + 1, command.end()}, errors});
  auto output = process.read_all(std::chrono::seconds{60});
  const auto ended = process.wait(std::chrono::seconds{10});
  if (!output || !ended || !ended->clean()) throw std::runtime_error(command[0] + " failed: " + read(errors));
  return std::move(*output);
}

void erase_all(std::string& text, const std::string& what) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at)) text.erase(at, what.size());
}

// `references` are separated by blanks; each may have its purpose before it ("authorization=local://…").
std::string destination(int number, const std::string& adapter, const std::string& endpoint,
                        const std::string& references, const std::string& members) {
  std::string credentials;
  int version = 0;
  for (std::size_t start = 0; start < references.size();) {
    const auto end = std::min(references.find(' ', start), references.size());
    const auto word = references.substr(start, end - start);
    const auto equals = word.find('=');
    credentials += (credentials.empty() ? "" : ",") +
                   (R"({"purpose":")" + (equals == std::string::npos ? "signing" : word.substr(0, equals))) +
                   R"(","version":)" + std::to_string(++version) + R"(,"reference":")" +
                   word.substr(equals == std::string::npos ? 0 : equals + 1) + "\"}";
    start = end + 1;
  }
  return R"({"destination_id":"0192f000-0000-7000-8000-00000000000)" + std::string(1, "0123456789abcdef"[number]) +
         R"(","name":"d)" + std::to_string(number) + R"(","adapter":")" + adapter + R"(","endpoint":")" + endpoint +
         R"(","credentials":[)" + credentials + "]," + members + "}";
}

}  // namespace

CanarySite::CanarySite(test::PostgresCluster* cluster)
    : values_{unique_value().substr(0, 24), unique_value().substr(0, 24)},
      postgres_(cluster != nullptr),
      site_(cluster),
      receiver_({{401, {values_.bearer, values_.endpoint_path, values_.endpoint_query}},
                 {500, {values_.told, values_.endpoint_path, values_.endpoint_query}},
                 {502, {values_.basic_password}},
                 {504, {values_.client_secret, values_.access_token}},
                 {503,
                  {base64(values_.signing_key_1), values_.signing_key_1, values_.signing_key_2, values_.endpoint_path,
                   values_.endpoint_query}}},
                values_.access_token) {
  const auto folder = site_.folder();
  write_secret("first", "whsec_" + base64(values_.signing_key_1));
  write_secret("second", "whsec_" + base64(values_.signing_key_2));
  write_secret("bearer", values_.bearer);
  write_secret("told", values_.told);
  write_secret("malformed", "whsec_%" + values_.malformed_key);
  write_secret("password", values_.basic_password);
  write_secret("client", values_.client_secret);
  const auto certificate = make_client_certificate();
  write_secret("certificate", certificate.pem);
  for (const auto& line : certificate.key_lines) secrets_.plant("a line of the private key", line);
  ::setenv("OPI_ODD_SECRET", values_.from_provider.c_str(), 1);
  fs::create_directories(folder / "plugins");
  for (const auto& file : fs::directory_iterator(OPI_PLUGINS))
    fs::copy_file(file.path(), folder / "plugins" / file.path().filename());
  fs::copy_file(OPI_ODD_PLUGIN, folder / "plugins/odd.so");
  site_.set("plugins.directory", (folder / "plugins").string());
  site_.run_in_daemon(OPI_ODD_PLUGIN);
  site_.set("log.level", "debug");
  if (postgres_) std::ofstream(folder / "connection", std::ios::app) << " password=" << values_.password;
  secrets_.plant("the first signing key", values_.signing_key_1);
  secrets_.plant("the first signing secret", base64(values_.signing_key_1));
  secrets_.plant("the second signing key", values_.signing_key_2);
  secrets_.plant("the second signing secret", base64(values_.signing_key_2));
  secrets_.plant("the bearer", values_.bearer);
  secrets_.plant("the secret of the adapter that repeats everything", values_.told);
  secrets_.plant("the secret that a provider repeats", values_.from_provider);
  secrets_.plant("the malformed key", values_.malformed_key);
  secrets_.plant("the database's password", values_.password);
  secrets_.plant("the password of an authorization", values_.basic_password);
  secrets_.plant("the client secret", values_.client_secret);
  secrets_.plant("the access token", values_.access_token);
  endpoints_.plant("the endpoint's path", values_.endpoint_path);
  endpoints_.plant("the endpoint's query", values_.endpoint_query);
}

void CanarySite::write_secret(const std::string& name, const std::string& value) const {
  const fs::path file = site_.folder() / "secrets/acme/signing" / name / "1";
  fs::create_directories(file.parent_path());
  std::ofstream(file) << value << "\n";
  ::chmod(file.c_str(), 0600);
}

std::string CanarySite::endpoint(int status) const {
  return "http://" + receiver_.origin() + "/" + std::to_string(status) + "/" + values_.endpoint_path +
         "?key=" + values_.endpoint_query;
}

std::string CanarySite::token_url(int status) const {
  return "http://" + receiver_.origin() + "/" + std::to_string(status) + "/token/" + values_.endpoint_path;
}

// Each way in which the host itself authorises: the first two reach a receiver that repeats it, the third is refused by
// the token endpoint, the last shows its certificate to something that speaks no TLS.
std::string CanarySite::authorised_destinations() const {
  const std::string alerts = R"("event_types":["alert.*"],"signing":"disabled")";
  const auto client = [&](int status, const std::string& how) {
    return alerts + R"(,"authorization":{"scheme":"oauth2_client_credentials","client_id":"c","token_url":")" +
           token_url(status) + R"(","client_authentication":")" + how + "\"}";
  };
  const auto local = [](const std::string& purpose, const std::string& name) {
    return purpose + "=local://acme/signing/" + name + "/1";
  };
  const std::string tls = "https://" + receiver_.origin() + "/502/";
  return destination(8, "webhook", endpoint(502), local("authorization", "password"),
                     alerts + R"(,"authorization":{"scheme":"basic","username":"bot"})") +
         "," + destination(9, "webhook", endpoint(504), local("authorization", "client"), client(200, "basic")) + "," +
         destination(10, "webhook", endpoint(504), local("authorization", "client"), client(401, "post")) + "," +
         destination(11, "webhook", tls, local("client_certificate", "certificate"), alerts);
}

void CanarySite::provision(bool with_crash) {
  const std::string alerts = R"("event_types":["alert.*"])", unsigned_alerts = alerts + R"(,"signing":"disabled")";
  const auto local = [](const std::string& name) { return "local://acme/signing/" + name + "/1"; };
  std::string list =
      destination(0, "webhook", endpoint(200), local("first") + " " + local("second"), R"("event_types":["quiet.*"])");
  const auto add = [&](const std::string& one) { list += "," + one; };
  add(destination(1, "webhook", endpoint(503), local("first") + " " + local("second"), alerts));
  add(destination(2, "odd", endpoint(401), local("bearer"), unsigned_alerts + R"(,"config":{"mood":"bearer"})"));
  add(destination(3, "odd", endpoint(500), local("told"), unsigned_alerts + R"(,"config":{"mood":"tell"})"));
  add(destination(4, "webhook", endpoint(503), "odd://tell/hidden", alerts));
  add(destination(5, "webhook", endpoint(503), "odd://tell/given", alerts));
  add(destination(6, "webhook", endpoint(503), local("malformed"), alerts));
  add(destination(7, "odd", endpoint(503), "",
                  R"("event_types":["crash.*"],"signing":"disabled","config":{"mood":"crash"},"enabled":)" +
                      std::string(with_crash ? "true" : "false")));
  add(authorised_destinations());
  std::ofstream(site_.folder() / "provision.json")
      << R"({"tenants":[{"tenant_id":"acme","name":"Acme","policy":{"max_attempts":12,"timeout_ms":2000,)"
      << R"("backoff_initial_ms":10,"backoff_factor":1,"backoff_cap_ms":20},"destinations":[)" << list << "]}]}";
  site_.control({"apply", (site_.folder() / "provision.json").string()});
}

void CanarySite::keep(const WebRequest& request, const WebAnswer& answer) {
  keep("the answer to " + request.method + " " + request.target.substr(0, 60), answer.head + answer.body);
}

std::string CanarySite::connection() const { return postgres_ ? read(site_.folder() / "connection") : std::string{}; }

std::string CanarySite::dump() const {
  const auto errors = site_.folder() / "dump.errors";
  if (!postgres_) return output_of({"/usr/bin/sqlite3", (site_.folder() / "store.sqlite").string(), ".dump"}, errors);
  return output_of({"/usr/lib/postgresql/15/bin/pg_dump", "--inserts", "--dbname", connection()}, errors);
}

void CanarySite::search_store(std::vector<std::string>& findings) const {
  std::string text = dump();
  const auto add = [&](const Search& search, const std::string& place, const std::string& where) {
    for (auto& one : search.find_in(place, where)) findings.push_back(std::move(one));
  };
  add(secrets_, "the store", text);
  for (const int status : {200, 401, 500, 502, 503, 504}) erase_all(text, "'" + endpoint(status) + "'");
  for (const int status : {200, 401}) {
    erase_all(text, R"("token_url":")" + token_url(status) + '"');
    // The last line of a receiver (domain/receiver.hpp), as the two programs write it.
    for (const char* line : {"\\n", "\n"}) erase_all(text, line + token_url(status));
  }
  add(endpoints_, "the store outside of its destinations' endpoints", text);
  if (postgres_) return;
  for (const char* suffix : {"", "-wal", "-shm"})
    add(secrets_, std::string("the file of SQLite") + suffix,
        read(site_.folder() / ("store.sqlite" + std::string(suffix))));
}

void CanarySite::search_files(std::vector<std::string>& findings) const {
  for (const auto& entry : fs::recursive_directory_iterator(site_.folder())) {
    const auto name = fs::relative(entry.path(), site_.folder()).string();
    const bool meant_for_it = name.starts_with("secrets/") || name == "connection" || name == "provision.json" ||
                              name.starts_with("store.sqlite") || name.starts_with("core");
    if (meant_for_it || !entry.is_regular_file()) continue;
    const auto text = read(entry.path());
    for (const auto* search : {&secrets_, &endpoints_})
      for (auto& one : search->find_in("the file " + name, text)) findings.push_back(std::move(one));
  }
}

std::vector<std::string> CanarySite::findings() {
  std::vector<std::string> findings;
  for (const auto& [place, text] : kept_)
    for (const auto* search : {&secrets_, &endpoints_})
      for (auto& one : search->find_in(place, text)) findings.push_back(std::move(one));
  search_files(findings);
  search_store(findings);
  return findings;
}

}  // namespace opi::canary_test
