#include "api/console_routes.hpp"

#include <gmock/gmock.h>

#include <fstream>

#include "support/temporary_folder.hpp"
#include "unit/api/api_fixture.hpp"

namespace opi::api {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

// A console as it is built: a page, a hashed script with its compressed form, and beside them what must not be served.
class Console : public test::WithApi {
 protected:
  Console() {
    write("index.html", "<!doctype html>page");
    write("assets/index-3f2a.js", "script");
    write("assets/index-3f2a.js.gz", "compressed");
    write("mark.svg", "<svg/>");
    write(".env", "hidden");
    write(".git/config.txt", "hidden");
    write("notes.exe", "no type of a console");
    write("../secret.txt", "outside");
    fs::create_symlink(folder.path() / "secret.txt", site() / "link.txt");
    fs::create_directory_symlink(folder.path(), site() / "up");
  }
  fs::path site() const { return folder.path() / "site"; }
  void write(const std::string& name, const std::string& text) {
    const auto file = (site() / name).lexically_normal();
    fs::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  Response fetch(const std::string& path, RequestHead head = {}) {
    if (!assets_) {
      assets_ = ConsoleAssets::read(site());
      add_console_routes(routes, *assets_, behind_tls, frame_ancestors);
    }
    if (head.method.empty()) head.method = "GET";
    head.path = path;
    return ask(std::move(head));
  }
  RequestHead accepting(const std::string& codings) {
    RequestHead head;
    head.accept_encoding = codings;
    return head;
  }

  test::TemporaryFolder folder;
  bool behind_tls = false;
  std::vector<std::string> frame_ancestors;

 private:
  std::optional<ConsoleAssets> assets_;
};

TEST_F(Console, EveryViewIsThePage) {
  for (const char* path : {"/console/integrations", "/console/integrations/", "/console/integrations/deliveries/018f",
                           "/console/integrations/a.js"}) {
    const auto response = fetch(path);
    EXPECT_EQ(response.status, 200) << path;
    EXPECT_EQ(response.body, "<!doctype html>page") << path;
    EXPECT_EQ(response.content_type, "text/html; charset=utf-8");
    EXPECT_EQ(header(response, "Cache-Control"), "no-cache");
  }
  for (const char* path : {"/console/integrationsx", "/console/other", "/console/assets", "/console/assets/"})
    EXPECT_EQ(fetch(path).status, 404) << path;
}

TEST_F(Console, EntrancesLeadToThePage) {
  for (const char* path : {"/", "/console", "/console/"}) {
    const auto response = fetch(path);
    EXPECT_EQ(response.status, 302) << path;
    EXPECT_EQ(header(response, "Location"), "/console/integrations");
  }
}

TEST_F(Console, HashedFilesAreKeptForEverAndOthersAskedForAgain) {
  EXPECT_EQ(header(fetch("/console/assets/index-3f2a.js"), "Cache-Control"), "public, max-age=31536000, immutable");
  const auto first = fetch("/console/mark.svg");
  EXPECT_EQ(header(first, "Cache-Control"), "no-cache");
  RequestHead again;
  again.if_none_match = "W/" + header(first, "ETag");
  const auto second = fetch("/console/mark.svg", again);
  EXPECT_EQ(second.status, 304);
  EXPECT_EQ(second.body, "");
  again.if_none_match = "\"another\"";
  EXPECT_EQ(fetch("/console/mark.svg", again).status, 200);
}

TEST_F(Console, CompressesForWhomTakesIt) {
  const std::string script = "/console/assets/index-3f2a.js";
  for (const char* codings : {"gzip", "br, gzip", "deflate,gzip;q=0.5"}) {
    const auto response = fetch(script, accepting(codings));
    EXPECT_EQ(response.body, "compressed") << codings;
    EXPECT_EQ(header(response, "Content-Encoding"), "gzip");
    EXPECT_EQ(header(response, "Vary"), "Accept-Encoding");
  }
  for (const char* codings : {"", "br", "gzip;q=0", "gzip;q=0.000", "identity"}) {
    const auto response = fetch(script, accepting(codings));
    EXPECT_EQ(response.body, "script") << codings;
    EXPECT_EQ(header(response, "Content-Encoding"), "");
  }
  EXPECT_EQ(fetch("/console/mark.svg", accepting("gzip")).body, "<svg/>") << "there is no compressed form of it";
}

// Paths come decoded from the server, so %2e and %2f are dots and slashes here already.
TEST_F(Console, NothingOutsideOfItIsServed) {
  for (const char* path : {"/console/../secret.txt", "/console/assets/../../secret.txt", "/console//etc/passwd",
                           "/console/up/secret.txt", "/console/link.txt", "/console/.env", "/console/.git/config.txt",
                           "/console/notes.exe", "/console/./index.html", "/console/assets/index-3f2a.js.gz",
                           "/console/..\\secret.txt", "/console/%2e%2e/secret.txt", "/console/assets//index-3f2a.js"}) {
    const auto response = fetch(path);
    EXPECT_EQ(response.status, 404) << path;
    EXPECT_THAT(response.body, Not(HasSubstr("outside"))) << path;
  }
  EXPECT_EQ(fetch(std::string("/console/index.html\0.txt", 24)).status, 404);
}

TEST_F(Console, PagesCarryTheHeadersThatKeepThemToThemselves) {
  const auto response = fetch("/console/integrations");
  const auto policy = header(response, "Content-Security-Policy");
  EXPECT_THAT(policy, HasSubstr("default-src 'none'"));
  EXPECT_THAT(policy, HasSubstr("script-src 'self';"));
  EXPECT_THAT(policy, HasSubstr("style-src 'self';"));
  EXPECT_THAT(policy, HasSubstr("frame-ancestors 'none'"));
  EXPECT_THAT(policy, Not(HasSubstr("unsafe")));
  EXPECT_EQ(header(response, "Referrer-Policy"), "no-referrer");
  EXPECT_EQ(header(response, "X-Frame-Options"), "DENY");
  EXPECT_EQ(header(response, "Cross-Origin-Opener-Policy"), "same-origin");
  EXPECT_EQ(header(response, "Cross-Origin-Resource-Policy"), "same-origin");
  EXPECT_THAT(header(response, "Permissions-Policy"), HasSubstr("camera=()"));
  EXPECT_EQ(header(response, "Strict-Transport-Security"), "") << "it may run without TLS here";
}

TEST_F(Console, ListedOriginsMayShowItInsideTheirPages) {
  frame_ancestors = {"https://app.example.com", "https://eu.example.com:8443"};
  const auto response = fetch("/console/integrations");
  EXPECT_THAT(header(response, "Content-Security-Policy"),
              testing::EndsWith("frame-ancestors https://app.example.com https://eu.example.com:8443"));
  EXPECT_EQ(header(response, "X-Frame-Options"), "") << "it knows no list";
  EXPECT_EQ(header(response, "Cross-Origin-Resource-Policy"), "cross-origin");
}

TEST_F(Console, BehindTlsBrowsersAreToldToStayThere) {
  behind_tls = true;
  EXPECT_EQ(header(fetch("/console/integrations"), "Strict-Transport-Security"), "max-age=31536000");
}

TEST_F(Console, AnswersHeadAndNothingElseButGet) {
  RequestHead head;
  head.method = "HEAD";
  EXPECT_EQ(fetch("/console/integrations", head).status, 200);
  head.method = "POST";
  const auto response = fetch("/console/integrations", head);
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(header(response, "Allow"), "GET");
}

TEST_F(Console, SaysThatItIsNotInstalled) {
  fs::remove_all(site());
  const auto response = fetch("/console/integrations");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(problem(response), "not-found");
  EXPECT_THAT(response.body, HasSubstr("The console page is not installed"));
}

TEST_F(Console, RefusesAFolderThatHoldsTooMuch) {
  write("large.txt", std::string(ConsoleAssets::max_file_bytes, 'x'));
  EXPECT_NO_THROW((void)ConsoleAssets::read(site()));
  write("large.txt", std::string(ConsoleAssets::max_file_bytes + 1, 'x'));
  EXPECT_THROW((void)ConsoleAssets::read(site()), std::runtime_error);
  fs::remove(site() / "large.txt");
  for (std::size_t i = ConsoleAssets::read(site()).size(); i < ConsoleAssets::max_files; ++i)
    write("n/" + std::to_string(i) + ".txt", "");
  EXPECT_EQ(ConsoleAssets::read(site()).size(), ConsoleAssets::max_files);
  write("n/more.txt", "");
  EXPECT_THROW((void)ConsoleAssets::read(site()), std::runtime_error);
}

}  // namespace
}  // namespace opi::api
