#include <gmock/gmock.h>
#include <pwd.h>
#include <unistd.h>

#include <boost/json/array.hpp>
#include <filesystem>
#include <fstream>

#include "command_line/operator.hpp"

// Changing what the node has: each command, what it says, and what becomes of mistakes.
namespace opi::command_line_test {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

class Administration : public OnBothStores {};

TEST_P(Administration, Tenants) {
  EXPECT_EQ(user.json({"tenants", "create", "initech", "--name", "Initech"}).at("tenant_id").as_string(), "initech");
  const auto again = user.run({"tenants", "create", "initech", "--name", "Initech", "--json"});
  EXPECT_EQ(again.code, 73);
  EXPECT_EQ(text(again.problem(), "type"), "urn:oneprotect:problem:exists");
  const auto bad = user.run({"tenants", "create", "_x", "--name", "X"});
  EXPECT_EQ(bad.code, 65);
  EXPECT_THAT(bad.err, HasSubstr("tenant_id may hold"));
  const auto shown = user.run({"tenants", "show", "initech"});
  EXPECT_THAT(shown.out, HasSubstr("name       Initech"));
  const auto revision = shown.out.substr(shown.out.find("revision") + 11, 1);
  EXPECT_EQ(user.run({"tenants", "rename", "initech", "--name", "Two", "--if-match", revision}).code, 0);
  EXPECT_EQ(user.run({"tenants", "rename", "initech", "--name", "Three", "--if-match", revision}).code, 73);
  EXPECT_THAT(user.run({"tenants", "list"}).out, HasSubstr("initech  Two"));
  EXPECT_EQ(user.run({"tenants", "show", "nobody"}).code, 66);
  EXPECT_EQ(user.run({"tenants", "show", "no/body"}).code, 66);
}

// They would fail the statement on the one store, and be stored on the other.
TEST_P(Administration, TextsThatAreNotUtf8AreRefusedBeforeTheStoreIsAsked) {
  user.json({"tenants", "create", "initech", "--name", "Initech"});
  const std::string bad = "a\xff";
  using Words = std::vector<std::string>;
  for (const auto& words :
       {Words{"deliveries", "list", "--correlation-id", bad}, Words{"deliveries", "show", bad},
        Words{"dead-letters", "list", "--ticket-id", bad}, Words{"dead-letters", "replay", "--alert-id", bad, "--yes"},
        Words{"dead-letters", "discard", "--ticket-id", "x", "--reason", bad, "--yes"},
        Words{"audit", "list", "--target", bad}, Words{"audit", "list", "--actor-id", bad}, Words{"audit", "show", bad},
        Words{"tokens", "issue", "--role", "auditor", "--label", bad}, Words{"tokens", "revoke", bad},
        Words{"destinations", "list", "--q", bad}, Words{"destinations", "show", bad}}) {
    auto asked = words;
    asked.insert(asked.end(), {"--tenant", "initech"});
    const auto result = user.run(asked);
    EXPECT_THAT(result.code, testing::AnyOf(64, 65, 66)) << words[0] << " " << words[1] << ": " << result.err;
    EXPECT_THAT(result.err, Not(HasSubstr("SQLSTATE")));
  }
  EXPECT_THAT(user.run({"audit", "list", "--tenant", "initech", "--target", bad}).err,
              HasSubstr("--target must be UTF-8 without control characters"));
}

TEST_P(Administration, TheTrailNamesTheUserOfTheOperatingSystem) {
  user.json({"tenants", "create", "initech", "--name", "Initech"});
  const auto record = user.json({"audit", "list", "--tenant", "initech"}).at("records").at(0);
  EXPECT_EQ(text(record, "action"), "tenant.created");
  EXPECT_EQ(text(record.at("actor"), "kind"), "system");
  EXPECT_EQ(text(record.at("actor"), "id"), "integrationsctl/" + std::string(getpwuid(getuid())->pw_name));
  EXPECT_EQ(text(user.json({"audit", "show", "1", "--tenant", "initech"}), "hash"), text(record, "hash"));
  EXPECT_EQ(user.run({"audit", "show", "9", "--tenant", "initech"}).code, 66);
}

TEST_P(Administration, Tokens) {
  site.provision("/healthy");
  const auto issued = user.run({"tokens", "issue", "--tenant", "acme", "--role", "auditor", "--label", "l"});
  EXPECT_EQ(issued.code, 0);
  EXPECT_EQ(issued.out.size(), 4u + 43u + 1u) << issued.out;
  const auto first = user.json({"tokens", "list", "--tenant", "acme"}).at("tokens").at(0);
  const auto prefix = text(first, "prefix");
  EXPECT_TRUE(issued.out.starts_with(prefix));
  EXPECT_TRUE(first.at("expires_at").is_null());
  EXPECT_THAT(user.run({"tokens", "list", "--tenant", "acme"}).out, Not(HasSubstr(issued.out.substr(0, 20))));
  EXPECT_EQ(user.run({"tokens", "revoke", prefix, "--tenant", "acme"}).code, 0);
  EXPECT_FALSE(user.json({"tokens", "list", "--tenant", "acme"}).at("tokens").at(0).at("revoked_at").is_null());
  EXPECT_EQ(user.run({"tokens", "revoke", "opi_nothing", "--tenant", "acme"}).code, 66);
  EXPECT_EQ(user.run({"tokens", "issue", "--role", "auditor"}).code, 64);
  EXPECT_EQ(user.run({"tokens", "issue", "--role", "system_admin", "--tenant", "acme"}).code, 64);
  EXPECT_EQ(user.run({"tokens", "issue", "--role", "auditor", "--tenant", "nobody"}).code, 66);
  EXPECT_EQ(
      user.run({"tokens", "issue", "--role", "auditor", "--tenant", "acme", "--label", std::string(201, 'x')}).code,
      65);
  EXPECT_EQ(user.run({"token", "issue", "--role", "system_admin", "--expires-in-days", "1"}).code, 0);
  EXPECT_EQ(user.json({"tokens", "list"}).at("tokens").as_array().size(), 1u);
}

constexpr const char* document =
    R"({"name":"SIEM","adapter":"webhook","endpoint":"http://127.0.0.1:9/hidden-path","event_types":["alert.*"]})";

TEST_P(Administration, Destinations) {
  site.provision("/healthy");
  const auto made = user.json({"destinations", "create", "-", "--tenant", "acme"}, document);
  const auto id = text(made, "destination_id");
  EXPECT_EQ(text(made, "credential_posture"), "missing");
  EXPECT_THAT(user.run({"destinations", "show", id, "--tenant", "acme"}).out, Not(HasSubstr("hidden-path")));
  EXPECT_EQ(user.json({"destinations", "list", "--tenant", "acme", "--q", "sie"}).at("destinations").as_array().size(),
            1u);
  const auto page = user.run({"destinations", "list", "--tenant", "acme", "--limit", "1"});
  EXPECT_THAT(page.err, HasSubstr("--cursor " + std::string(the_destination)));
  EXPECT_EQ(user.json({"destinations", "list", "--tenant", "acme", "--limit", "1", "--all"})
                .at("destinations")
                .as_array()
                .size(),
            2u);

  EXPECT_EQ(text(user.json({"destinations", "replace", id, "-", "--tenant", "acme"},
                           R"({"name":"New","adapter":"webhook","event_types":["*"]})"),
                 "name"),
            "New");
  EXPECT_EQ(
      text(user.json({"destinations", "disable", id, "--tenant", "acme", "--reason", "later"}), "disabled_reason"),
      "later");
  EXPECT_EQ(user.run({"destinations", "test", id, "--tenant", "acme"}).code, 73);
  EXPECT_EQ(user.json({"destinations", "enable", id, "--tenant", "acme"}).at("enabled").as_bool(), true);
  EXPECT_EQ(user.run({"destinations", "delete", id, "--tenant", "acme", "--if-match", "1"}).code, 73);
  EXPECT_EQ(user.run({"destinations", "delete", id, "--tenant", "acme"}).code, 0);
  EXPECT_EQ(user.run({"destinations", "delete", id, "--tenant", "acme"}).code, 66);
}

TEST_P(Administration, MistakesInDocumentsAreNamed) {
  site.provision("/healthy");
  const auto create = [&](const std::string& input) {
    return user.run({"destinations", "create", "-", "--tenant", "acme"}, input);
  };
  const auto config = create(
      R"({"name":"S","adapter":"webhook","endpoint":"http://127.0.0.1:9/","event_types":["*"],"config":{"method":7}})");
  EXPECT_EQ(config.code, 65);
  EXPECT_THAT(config.err, HasSubstr("config.method"));
  const auto refused = create(
      R"({"name":"S","adapter":"webhook","endpoint":"http://127.0.0.1:9/","event_types":["*"],"config":{"headers":{"Host":"x"}}})");
  EXPECT_EQ(refused.code, 65);
  EXPECT_THAT(refused.err, HasSubstr("config.headers"));
  const auto applied = user.run({"apply", "-"}, R"({"tenants":[{"tenant_id":"acme","name":"A","destinations":[{
      "destination_id":"0192f000-0000-7000-8000-000000000077","name":"S","adapter":"webhook",
      "endpoint":"http://127.0.0.1:9/","event_types":["*"],"config":{"headers":{"Host":"x"}}}]}]})");
  EXPECT_EQ(applied.code, 65);
  EXPECT_THAT(applied.err, HasSubstr("tenants[0].destinations[0].config.headers"));
  const auto guarded =
      create(R"({"name":"S","adapter":"webhook","endpoint":"http://10.0.0.1/secret-way","event_types":["*"]})");
  EXPECT_EQ(guarded.code, 65);
  EXPECT_THAT(guarded.err, HasSubstr("endpoint"));
  EXPECT_THAT(guarded.err, Not(HasSubstr("secret-way")));
  EXPECT_EQ(create("no json").code, 65);
  EXPECT_EQ(user.run({"destinations", "create", "/nowhere.json", "--tenant", "acme"}).code, 66);
  EXPECT_EQ(user.run({"destinations", "list", "--tenant", "nobody"}).code, 66);
  const auto parameter = user.run({"destinations", "list", "--tenant", "acme", "--limit", "900"});
  EXPECT_EQ(parameter.code, 64);
  EXPECT_THAT(parameter.err, HasSubstr("--limit must be 1 to 200"));
}

// A secret stays where it was put; who works at the store, by hand or by a document, may put it elsewhere.
TEST_P(Administration, AMovedDestinationsSecretIsPutAgain) {
  site.provision("/healthy");
  const auto posture = [&] {
    return text(user.json({"destinations", "show", the_destination, "--tenant", "acme"}), "credential_posture");
  };
  const auto move = [&] {
    user.json({"destinations", "replace", the_destination, "-", "--tenant", "acme"},
              R"({"name":"Moved","adapter":"webhook","event_types":["*"],"endpoint":"http://127.0.0.1:9/"})");
  };
  EXPECT_EQ(posture(), "resolved");
  move();
  EXPECT_EQ(posture(), "unbound");
  EXPECT_EQ(user.run({"destinations", "test", the_destination, "--tenant", "acme"}).code, 73);
  EXPECT_EQ(user.run({"secrets", "check", "--tenant", "acme", "--destination", the_destination}).code, 1);
  EXPECT_THAT(user.run({"doctor"}).out, HasSubstr("its signing credential is unbound"));
  user.json({"credentials", "put", the_destination, "signing", "--tenant", "acme", "--reference", "-"},
            "local://acme/signing/main/1");
  EXPECT_EQ(posture(), "resolved");
  EXPECT_THAT(user.run({"audit", "list", "--tenant", "acme", "--json"}).out, HasSubstr("bound_again"));
  site.provision("/healthy");
  EXPECT_EQ(posture(), "resolved") << "a document puts what it names";
}

// A secret that can never sign is told of wherever somebody looks, before a delivery is spent on it.
TEST_P(Administration, ASecretThatIsNoKeyIsUnusable) {
  site.provision("/healthy");
  const auto keep = [&](const std::string& version, const std::string& secret) {
    const auto file = site.folder() / "secrets/acme/signing/main" / version;
    std::ofstream(file) << secret;
    std::filesystem::permissions(file, std::filesystem::perms::owner_read);
  };
  const auto generated = user.run({"secrets", "generate"}).out;
  EXPECT_THAT(generated, testing::MatchesRegex("whsec_[A-Za-z0-9+/]{43}=\n"));
  EXPECT_NE(user.run({"secrets", "generate"}).out, generated);
  keep("good", generated);
  const auto pair = user.json({"secrets", "generate", "--ed25519"});
  EXPECT_THAT(text(pair, "secret"), testing::MatchesRegex("whsk_[A-Za-z0-9+/]{86}=="));
  keep("own", text(pair, "secret"));
  const auto own = user.json({"secrets", "check", "local://acme/signing/main/own", "--tenant", "acme"});
  EXPECT_EQ(text(own, "posture"), "resolved");
  EXPECT_EQ(own.at("public_keys"), boost::json::array{text(pair, "public_key")});
  EXPECT_TRUE(own.at("warning").is_null());
  const auto apart = user.run({"secrets", "generate", "--ed25519"});
  EXPECT_THAT(apart.out, testing::MatchesRegex("whsk_[^\n]*\n")) << "what a file is made of";
  EXPECT_THAT(apart.err, testing::MatchesRegex("whpk_[A-Za-z0-9+/]{43}=\n"));
  keep("short", "whsec_Zm9v");
  const auto odd = user.run({"secrets", "check", "local://acme/signing/main/short", "--tenant", "acme"});
  EXPECT_EQ(odd.code, 0) << "it signs all the same";
  EXPECT_THAT(odd.out, HasSubstr("the key has 3 bytes; Standard Webhooks asks for 24 to 64"));
  user.json({"credentials", "put", the_destination, "signing", "--tenant", "acme", "--reference",
             "local://acme/signing/main/short"});
  EXPECT_THAT(user.run({"doctor"}).out, HasSubstr("version 2: the key has 3 bytes"));
  keep("bad", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS_");
  const auto good = user.json({"secrets", "check", "local://acme/signing/main/good", "--tenant", "acme"});
  EXPECT_EQ(text(good, "posture"), "resolved");
  EXPECT_TRUE(good.at("reason").is_null());
  const std::string reference = "local://acme/signing/main/bad";
  const auto bad = user.run({"secrets", "check", reference, "--tenant", "acme"});
  EXPECT_EQ(bad.code, 1);
  EXPECT_THAT(bad.out, ContainsRegex("usable +no"));
  EXPECT_THAT(bad.out, ContainsRegex("posture +unusable"));
  EXPECT_THAT(bad.out, ContainsRegex("reason +the secret is not a key"));
  EXPECT_EQ(user.run({"secrets", "check", reference, "--tenant", "acme", "--purpose", "authorization"}).code, 0);
  const auto put =
      user.json({"credentials", "put", the_destination, "signing", "--tenant", "acme", "--reference", reference});
  EXPECT_EQ(text(put.at("credentials").at(0), "posture"), "unusable");
  EXPECT_EQ(text(user.json({"destinations", "show", the_destination, "--tenant", "acme"}), "credential_posture"),
            "unusable");
  const auto told = user.run({"secrets", "check", "--tenant", "acme", "--destination", the_destination, "--json"});
  EXPECT_EQ(told.code, 1);
  EXPECT_THAT(text(told.json().at("credentials").at(0), "reason"), HasSubstr("the secret is not a key"));
  EXPECT_THAT(user.run({"doctor"}).out, HasSubstr("its signing credential is unusable (the secret is not a key"));
}

TEST_P(Administration, CredentialsAndSecrets) {
  site.provision("/healthy");
  const std::string reference = "local://acme/signing/main/1";
  const std::vector<std::string> at{"--tenant", "acme"};
  const auto put = user.run({"credentials", "put", the_destination, "signing", "--tenant", "acme", "--reference", "-"},
                            reference + "\n");
  EXPECT_EQ(put.code, 0) << put.err;
  EXPECT_THAT(put.out, HasSubstr("resolved"));
  EXPECT_THAT(put.out + put.err, Not(HasSubstr("signing/main")));
  const auto rotated = user.json({"credentials", "rotate", the_destination, "signing", "--tenant", "acme",
                                  "--reference", "local://acme/signing/main/2"});
  EXPECT_EQ(rotated.at("credentials").as_array().size(), 2u);
  EXPECT_EQ(text(rotated.at("credentials").at(0), "posture"), "missing");
  EXPECT_EQ(user.run({"secrets", "check", "--tenant", "acme", "--destination", the_destination}).code, 1);
  EXPECT_EQ(
      user.run({"credentials", "revoke", the_destination, "signing", "--only-version", "2", "--tenant", "acme"}).code,
      0);
  EXPECT_EQ(user.run({"secrets", "check", "--tenant", "acme", "--destination", the_destination}).code, 0);
  EXPECT_EQ(
      user.run({"credentials", "revoke", the_destination, "signing", "--only-version", "9", "--tenant", "acme"}).code,
      66);
  EXPECT_EQ(user.run({"credentials", "list", the_destination, "--tenant", "acme"}).code, 0);

  const auto good = user.json({"secrets", "check", "-", "--tenant", "acme"}, reference);
  EXPECT_EQ(text(good, "posture"), "resolved");
  EXPECT_TRUE(good.at("usable").as_bool());
  const auto missing = user.run({"secrets", "check", "local://acme/nothing/there/1", "--tenant", "acme"});
  EXPECT_EQ(missing.code, 1);
  EXPECT_THAT(missing.out, HasSubstr("missing"));
  const auto foreign = user.run({"secrets", "check", "local://other/signing/main/1", "--tenant", "acme"});
  EXPECT_EQ(foreign.code, 1);
  EXPECT_THAT(foreign.out, ContainsRegex("usable +no"));
  EXPECT_THAT(foreign.out + foreign.err, Not(HasSubstr("signing/main")));
  EXPECT_EQ(user.run({"secrets", "check", "--tenant", "acme"}).code, 64);
  const auto refused =
      user.run({"credentials", "put", the_destination, "signing", "--tenant", "acme", "--reference", "x://y-z"});
  EXPECT_EQ(refused.code, 65);
  EXPECT_THAT(refused.err, Not(HasSubstr("y-z")));
}

TEST_P(Administration, Policy) {
  site.provision("/healthy");
  const auto set = user.json({"policy", "set", "-", "--tenant", "acme"}, R"({"max_attempts":7})");
  EXPECT_EQ(set.at("effective_policy").at("max_attempts").as_int64(), 7);
  user.json({"policy", "set", "-", "--tenant", "acme", "--destination", the_destination}, R"({"timeout_ms":900})");
  EXPECT_THAT(user.run({"policy", "show", "--tenant", "acme", "--destination", the_destination}).out,
              HasSubstr("policy.timeout_ms"));
  const auto cleared = user.json({"policy", "clear", "--tenant", "acme", "--destination", the_destination});
  EXPECT_TRUE(cleared.at("policy").as_object().empty());
  EXPECT_TRUE(user.json({"policy", "clear", "--tenant", "acme"}).at("policy").as_object().empty());
  EXPECT_EQ(user.run({"policy", "set", "-", "--tenant", "acme"}, R"({"max_attempts":0})").code, 65);
}

TEST_P(Administration, RulesForAlerts) {
  user.json({"tenants", "create", "initech", "--name", "Initech"});
  const auto set = user.json({"alert-rules", "set", "-", "--tenant", "initech"}, R"({"dead_letters":10})");
  EXPECT_EQ(set.at("effective_alert_rules").at("dead_letters").as_int64(), 10);
  EXPECT_THAT(user.run({"alert-rules", "show", "--tenant", "initech"}).out, HasSubstr("alert_rules.dead_letters"));
  EXPECT_EQ(user.run({"alert-rules", "set", "-", "--tenant", "initech"}, R"({"failing_minutes":1})").code, 65);
  EXPECT_TRUE(user.json({"alerts", "list", "--tenant", "initech"}).at("alerts").as_array().empty());
  EXPECT_THAT(user.run({"alerts", "list", "--tenant", "initech", "--active", "true"}).out, HasSubstr("WHAT TO DO"));
}

TEST_P(Administration, ApplyAndStatus) {
  site.provision("/healthy");
  const auto file = (site.folder() / "provision.json").string();
  EXPECT_EQ(user.json({"apply", file}).at("unchanged").as_int64(), 2);
  EXPECT_TRUE(user.json({"apply", file, "--check"}).at("valid").as_bool());
  const auto bad = user.run({"apply", "-", "--json"}, R"({"tenants":[{"tenant_id":"X"}]})");
  EXPECT_EQ(bad.code, 65);
  EXPECT_THAT(text(bad.problem().at("errors").at(0), "field"), HasSubstr("tenants[0]"));
  EXPECT_EQ(user.json({"status", "--tenant", "acme"}).at("destinations").at(0).at("pending").as_int64(), 0);
  EXPECT_THAT(user.run({"status", "--tenant", "acme"}).out, HasSubstr(the_destination));
  EXPECT_EQ(user.run({"migrate"}).code, 0);
}

TEST_P(Administration, ApplyTakesNoDestinationFromAnotherTenant) {
  site.provision("/healthy");
  const auto globex_takes = [](const std::string& id) {
    return R"({"tenants":[{"tenant_id":"globex","name":"G","destinations":[{"destination_id":")" + id +
           R"(","name":"S","adapter":"webhook","endpoint":"http://127.0.0.1:9/","event_types":["*"]}]}]})";
  };
  for (const bool check : {true, false}) {
    std::vector<std::string> words{"apply", "-", "--json"};
    if (check) words.emplace_back("--check");
    const auto refused = user.run(words, globex_takes(the_destination));
    EXPECT_EQ(refused.code, 65) << refused.err;
    EXPECT_EQ(text(refused.problem().at("errors").at(0), "field"), "tenants[0].destinations[0].destination_id");
    EXPECT_EQ(text(refused.problem().at("errors").at(0), "message"), "is the id of another tenant's destination");
  }
  EXPECT_EQ(user.run({"status", "--tenant", "globex"}).code, 66) << "nothing was changed";
  const auto nil = user.run({"apply", "-"}, globex_takes("00000000-0000-0000-0000-000000000000"));
  EXPECT_EQ(nil.code, 65);
  EXPECT_THAT(nil.err, HasSubstr("must not be the nil UUID"));
}

// A ticket system must not get an update before its ticket, whoever wrote the document.
TEST_P(Administration, ApplyTakesTheOrderThatTheAdapterAsksFor) {
  const auto order = [&](const char* adapter, const std::string& member, const std::string& plugins) {
    const std::string provision =
        R"({"tenants":[{"tenant_id":"acme","name":"Acme","destinations":[{"destination_id":")" +
        std::string(the_destination) +
        R"(","name":"n","event_types":["*"],"endpoint":"https://desk.example","adapter":")" + adapter + R"(")" +
        member + "}]}]}";
    EXPECT_EQ(user.run({"apply", "-", "--set", "plugins.directory=" + plugins}, provision).code, 0);
    return text(user.json({"destinations", "show", the_destination, "--tenant", "acme"}), "order");
  };
  const std::string elsewhere = OPI_PLUGINS;  // no ticket adapter among them
  EXPECT_EQ(order("zendesk", "", elsewhere), "none") << "nobody here knows what it asks for";
  EXPECT_EQ(order("zendesk", "", OPI_SHIPPED_PLUGINS), "subject");
  EXPECT_EQ(order("zendesk", "", elsewhere), "subject") << "stays as it is";
  EXPECT_EQ(order("zendesk", R"(,"order":"none")", OPI_SHIPPED_PLUGINS), "none");
  EXPECT_EQ(order("webhook", "", OPI_SHIPPED_PLUGINS), "none");
}

INSTANTIATE_TEST_SUITE_P(Stores, Administration, testing::Values("SQLite", "PostgreSQL"),
                         [](const auto& which) { return std::string(which.param); });

}  // namespace
}  // namespace opi::command_line_test
