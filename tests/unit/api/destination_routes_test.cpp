#include <boost/json/serialize.hpp>

#include "domain/timestamp.hpp"
#include "unit/api/administration_fixture.hpp"

namespace opi::api {
namespace {

using namespace std::chrono_literals;

class DestinationRoutes : public test::WithAdministration {};

TEST_F(DestinationRoutes, CreatingAnswersTheViewWithItsPlaceAndETag) {
  const auto response = call("POST", "/api/v1/destinations",
                             document(R"(,"config":{"method":"PUT"},"max_in_flight":3,"rate_limit_per_second":2.5,)"
                                      R"("policy":{"max_attempts":4,"timeout_ms":2000})"));
  ASSERT_EQ(response.status, 201) << response.body;
  const auto body = json(response);
  const auto id = text(body.at("destination_id"));
  EXPECT_EQ(header(response, "Location"), "/api/v1/destinations/" + id);
  EXPECT_EQ(etag(response), "\"" + std::to_string(catalog_store.revision()) + "\"");
  EXPECT_EQ(text(body.at("name")), "SIEM");
  EXPECT_TRUE(body.at("enabled").as_bool());
  EXPECT_TRUE(body.at("disabled_reason").is_null());
  EXPECT_EQ(text(body.at("signing")), "required");
  EXPECT_EQ(text(body.at("config").at("method")), "PUT");
  EXPECT_EQ(body.at("max_in_flight").as_int64(), 3);
  EXPECT_EQ(body.at("rate_limit_per_second").as_double(), 2.5);
  EXPECT_EQ(body.at("timeout_ms").as_int64(), 2000);
  EXPECT_EQ(body.at("max_attempts").as_int64(), 4);
  EXPECT_EQ(body.at("policy").as_object().size(), 2u);
  EXPECT_EQ(body.at("effective_policy").at("backoff_initial_ms").as_int64(), 5000);
  EXPECT_EQ(text(body.at("credential_posture")), "missing") << "it must sign and has nothing to sign with";
  const auto shown = read(header(response, "Location"));
  EXPECT_EQ(shown.body, response.body) << "one reads what one wrote";
  EXPECT_EQ(etag(shown), etag(response));
  const auto entry = last_audited();
  EXPECT_EQ(entry.action, audit::Action::destination_created);
  EXPECT_EQ(entry.target, "destination:" + id);
  EXPECT_EQ(entry.actor_kind, audit::ActorKind::token);
  EXPECT_EQ(entry.actor_role, "tenant_admin");
  EXPECT_TRUE(entry.actor_id.starts_with("opi_"));
}

TEST_F(DestinationRoutes, ShowsHowThisDaemonDeliversToItNow) {
  const auto path = given();
  const auto id = *DestinationId::parse(path.substr(path.rfind('/') + 1));
  const auto idle = json(read(path)).at("runtime");
  EXPECT_EQ(idle.at("in_flight").as_int64(), 0);
  EXPECT_EQ(text(idle.at("breaker").at("state")), "closed");
  EXPECT_TRUE(idle.at("breaker").at("probe_at").is_null());
  EXPECT_TRUE(idle.at("paused_until").is_null());
  EXPECT_TRUE(json(read(path)).at("held").is_null());
  const auto since = clock.unix_now() - 1min;
  engine().scheduler.introduce({.destination = id, .pause = 90s, .paused_since = since}, {}, clock.mono_now());
  const auto until = to_rfc3339(clock.unix_now() + 90s);
  EXPECT_EQ(text(json(read(path)).at("runtime").at("paused_until")), until);
  const auto listed = json(read("/api/v1/destinations"));
  EXPECT_NE(boost::json::serialize(listed).find("\"paused_until\":\"" + until), std::string::npos);
  const auto held = json(read(path)).at("held");
  EXPECT_EQ(text(held.at("cause")), "paused_by_receiver");
  EXPECT_EQ(text(held.at("until")), until);
  EXPECT_EQ(text(held.at("since")), to_rfc3339(since));
}

TEST_F(DestinationRoutes, AreListedByWhetherAndWhyTheyAreHeld) {
  const auto path = given();
  const auto listed = [&](const std::map<std::string, std::string>& parameters) {
    const auto rows = json(call("GET", "/api/v1/destinations", {}, {}, Role::auditor, parameters)).at("destinations");
    std::string all;
    for (const auto& row : rows.as_array()) all += text(row.at("destination_id")) + ",";
    return all;
  };
  const auto id = path.substr(path.rfind('/') + 1);
  EXPECT_EQ(listed({{"held", "true"}, {"q", "SIEM"}}), "");
  EXPECT_EQ(call("POST", path + ":disable", R"({"reason":"maintenance"})").status, 200);
  EXPECT_EQ(listed({{"held", "true"}, {"q", "SIEM"}}), id + ",");
  EXPECT_EQ(listed({{"held", "false"}, {"q", "SIEM"}}), "");
  EXPECT_EQ(listed({{"held_cause", "adapter_missing,disabled"}}), id + ",");
  EXPECT_EQ(listed({{"held_cause", "adapter_missing"}}), "");
  EXPECT_EQ(listed({{"held_cause", "disabled"}, {"held", "false"}}), "");
  const auto refused =
      call("GET", "/api/v1/destinations", {}, {}, Role::auditor, {{"held", "maybe"}, {"held_cause", "disabled,bored"}});
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(errors(refused),
            "held: must be true or false\nheld_cause: must be a cause of a hold, or several with commas between");
}

TEST_F(DestinationRoutes, TheEndpointIsNeverShownOnlyItsFingerprint) {
  const auto path = given();
  const auto one = read(path);
  EXPECT_EQ(one.body.find("siem.example"), std::string::npos);
  EXPECT_EQ(one.body.find("topsecret"), std::string::npos);
  const auto fingerprint = text(json(one).at("endpoint").at("fingerprint"));
  EXPECT_EQ(fingerprint.size(), 19u);
  EXPECT_TRUE(fingerprint.starts_with("ep_"));
  EXPECT_EQ(text(json(one).at("endpoint").at("scheme")), "https");
  EXPECT_EQ(text(json(read(given())).at("endpoint").at("fingerprint")), fingerprint) << "the same URL";
  const auto changed = call(
      "PUT", path, R"({"name":"SIEM","adapter":"webhook","endpoint":"https://siem.example/other","event_types":["*"]})",
      etag(one));
  EXPECT_EQ(changed.status, 200) << changed.body;
  EXPECT_NE(text(json(changed).at("endpoint").at("fingerprint")), fingerprint);
  for (const auto& record : audited()) EXPECT_EQ(record.entry.details.find("siem.example"), std::string::npos);
  EXPECT_EQ(logger.text().find("siem.example"), std::string::npos);
}

TEST_F(DestinationRoutes, EveryErrorIsReportedAtOnceUnderItsField) {
  const auto response =
      call("POST", "/api/v1/destinations",
           R"({"name":"","adapter":"webhook","endpoint":"ftp://u:geheim@x","event_types":[],"colour":1,)"
           R"("signing":"maybe","max_in_flight":1001,"rate_limit_per_second":-1,)"
           R"("config":{"method":"GET","signatures":["oneprotect-v1","rot13"],"hue":1},)"
           R"("policy":{"max_attempts":101,"timeout":1},"enabled":"yes"})");
  EXPECT_EQ(response.status, 422);
  EXPECT_EQ(problem(response), "invalid-content");
  const auto all = errors(response);
  for (const char* field :
       {"name", "endpoint", "event_types", "colour", "signing", "max_in_flight", "rate_limit_per_second",
        "config.method", "config.signatures[1]", "config.hue", "policy.timeout", "enabled"})
    EXPECT_NE(("\n" + all).find("\n" + std::string(field) + ": "), std::string::npos) << field << " in\n" << all;
  EXPECT_EQ(all.find("geheim"), std::string::npos);
  EXPECT_EQ(json(read("/api/v1/destinations")).at("destinations").as_array().size(), 1u);
}

// The adapter is asked: what satisfies the schema may still be what it will not serve.
TEST_F(DestinationRoutes, WhatTheAdapterRefusesIsNotSaved) {
  const auto refused = [&](const std::string& members) {
    const auto response = call("POST", "/api/v1/destinations", document(members));
    EXPECT_EQ(response.status, 422) << members;
    return errors(response);
  };
  EXPECT_TRUE(
      refused(R"(,"config":{"body":"template","template":"{{nope}}"})").starts_with("config.template: at byte"));
  EXPECT_TRUE(refused(R"(,"config":{"body":"template","template":"{\"a\": "})").starts_with("config.template: "));
  for (const char* header : {R"("Authorization":"x")", R"("X-Team":"a\r\nb")", R"("X-Team":"ä")"})
    EXPECT_TRUE(refused(R"(,"config":{"headers":{)" + std::string(header) + "}}").starts_with("config.headers: "))
        << header;
  EXPECT_TRUE(refused(R"(,"config":{"content_type":"a b"})").starts_with("config.content_type: "));
  EXPECT_TRUE(
      refused(R"(,"config":{"signatures":[]},"signing":"required")").starts_with("config.signatures: is empty"));
  EXPECT_EQ(
      call("POST", "/api/v1/destinations", document(R"(,"config":{"signatures":[]},"signing":"disabled")")).status,
      201);
  const auto one = call("POST", "/api/v1/destinations", document());
  ASSERT_EQ(one.status, 201);
  const auto changed =
      call("PUT", header(one, "Location"), document(R"(,"config":{"headers":{"Host":"x"}})"), etag(one));
  EXPECT_EQ(changed.status, 422);
  EXPECT_TRUE(errors(changed).starts_with("config.headers: ")) << errors(changed);
}

TEST_F(DestinationRoutes, ANumberThatCannotBeKeptIsRefusedWhereItStands) {
  const auto response =
      call("POST", "/api/v1/destinations", document(R"(,"config":{"far":{"off":[1e308,-1e400]},"farther":1e999})"));
  EXPECT_EQ(response.status, 422);
  const auto all = "\n" + errors(response);
  EXPECT_NE(all.find("\nconfig.far.off[1]: is a number that cannot be kept"), std::string::npos) << all;
  EXPECT_NE(all.find("\nconfig.farther: is a number that cannot be kept"), std::string::npos) << all;
  EXPECT_EQ(all.find("off[0]"), std::string::npos) << all;
}

TEST_F(DestinationRoutes, ABodyThatIsNoDocumentIsRefused) {
  for (const char* body : {"", "{", "[]", "1", R"({"name":"a","name":"b"})"})
    EXPECT_EQ(call("POST", "/api/v1/destinations", body).status, 422) << body;
  auto request = head("POST", "/api/v1/destinations", token(Role::tenant_admin));
  request.content_type = "text/plain";
  EXPECT_EQ(ask(request, document()).status, 415);
  EXPECT_EQ(errors(call("POST", "/api/v1/destinations", R"({"adapter":"pigeon"})")),
            "name: is missing\nevent_types: must list 1 to 64 event types, prefixes such as alert.*, or *\n"
            "endpoint: is missing\nadapter: is not loaded; GET /api/v1/adapters lists what is");
}

TEST_F(DestinationRoutes, AnEndpointInAGuardedRangeIsRefusedAtCreation) {
  resolver.hosts["inside.example"] = {egress::IpAddress::v4(10, 0, 0, 1)};
  resolver.hosts["outside.example"] = {egress::IpAddress::v4(93, 184, 216, 34)};
  resolver.hosts["both.example"] = {egress::IpAddress::v4(10, 0, 0, 1), egress::IpAddress::v4(93, 184, 216, 34)};
  const auto create = [&](const std::string& endpoint) {
    return call("POST", "/api/v1/destinations",
                R"({"name":"x","adapter":"webhook","event_types":["*"],"endpoint":")" + endpoint + "\"}");
  };
  for (const char* guarded : {"http://127.0.0.1/", "https://[::1]:8443/x", "http://169.254.169.254/latest",
                              "https://10.1.2.3/", "https://[::ffff:10.0.0.1]/"}) {
    const auto response = create(guarded);
    EXPECT_EQ(response.status, 422) << guarded;
    EXPECT_TRUE(errors(response).starts_with("endpoint: ")) << errors(response);
  }
  for (const char* fine : {"https://outside.example/", "https://both.example/"})
    EXPECT_EQ(create(fine).status, 201) << fine;
  // Which names there are inside is not told.
  for (const char* name : {"https://inside.example/", "https://unheard-of.example/", "http://inside.example/",
                           "http://unheard-of.example/"})
    EXPECT_EQ(create(name).status, 201) << name;
}

TEST_F(DestinationRoutes, ReplacingNeedsTheETagOfWhatIsThere) {
  const auto path = given();
  const auto first = etag(read(path));
  const std::string renamed = R"({"name":"renamed","adapter":"webhook","event_types":["*"]})";
  const auto without = call("PUT", path, renamed);
  EXPECT_EQ(without.status, 428);
  EXPECT_EQ(problem(without), "precondition-required");
  const auto done = call("PUT", path, renamed, first);
  EXPECT_EQ(done.status, 200) << done.body;
  EXPECT_NE(etag(done), first);
  const auto stale = call("PUT", path, renamed, first);
  EXPECT_EQ(stale.status, 412);
  EXPECT_EQ(problem(stale), "precondition-failed");
  EXPECT_EQ(call("PUT", path, renamed, "*").status, 200);
  for (const char* tag : {"7", "\"x\"", "W/\"7\"", "\"\"", "\"1\", \"2\""})
    EXPECT_EQ(call("PUT", path, renamed, tag).status, 400) << tag;
  EXPECT_EQ(call("PUT", path_of(9), renamed).status, 404) << "what is not there needs no precondition";
}

TEST_F(DestinationRoutes, ReplacingKeepsEndpointPolicyAndCredentialsThatAreLeftOut) {
  const auto path = given(R"(,"policy":{"max_attempts":4},"max_in_flight":3)");
  ASSERT_EQ(call("PUT", path + "/credentials/signing", R"({"reference":"mem://acme/key"})").status, 200);
  const auto before = json(read(path));
  const auto response =
      call("PUT", path, R"({"name":"renamed","adapter":"webhook","event_types":["*"]})", etag(read(path)));
  ASSERT_EQ(response.status, 200) << response.body;
  const auto after = json(response);
  EXPECT_EQ(after.at("endpoint"), before.at("endpoint"));
  EXPECT_EQ(after.at("policy"), before.at("policy"));
  EXPECT_EQ(after.at("credentials").as_array().size(), 1u);
  EXPECT_EQ(after.at("max_in_flight").as_int64(), 16) << "the rest takes its default";
  EXPECT_EQ(last_audited().details, R"({"changed":["name","event_types","max_in_flight"]})");
  EXPECT_EQ(last_audited().action, audit::Action::destination_changed);
}

TEST_F(DestinationRoutes, WhatChangesNothingIsNotAudited) {
  const auto path = given();
  const auto before = etag(read(path));
  const auto revision = catalog_store.revision();
  const auto response = call("PUT", path, document(), before);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(etag(response), before);
  EXPECT_EQ(catalog_store.revision(), revision);
  EXPECT_EQ(last_audited().action, audit::Action::destination_created);
}

TEST_F(DestinationRoutes, DisablingNamesItsReasonAndEnablingClearsIt) {
  const auto path = given();
  EXPECT_EQ(errors(call("POST", path + ":disable", "{}")), "reason: is missing");
  EXPECT_EQ(call("POST", path + ":disable", R"({"reason":")" + std::string(513, 'r') + "\"}").status, 422);
  EXPECT_EQ(call("POST", path + ":disable", R"({"reason":")" + std::string(512, 'r') + "\"}").status, 200);
  const auto disabled = json(call("POST", path + ":disable", R"({"reason":"moved"})"));
  EXPECT_FALSE(disabled.at("enabled").as_bool());
  EXPECT_EQ(text(disabled.at("disabled_reason")), "moved");
  EXPECT_EQ(last_audited().action, audit::Action::destination_disabled);
  EXPECT_FALSE(engine().catalog.current()->destinations.at(*DestinationId::parse(path.substr(21)))->enabled);
  EXPECT_EQ(call("POST", path + ":enable", {}, "\"1\"").status, 412);
  const auto enabled = json(call("POST", path + ":enable"));
  EXPECT_TRUE(enabled.at("enabled").as_bool());
  EXPECT_TRUE(enabled.at("disabled_reason").is_null());
  EXPECT_EQ(last_audited().action, audit::Action::destination_enabled);
}

TEST_F(DestinationRoutes, DeletingWaitsForLiveDeliveries) {
  engine().intake.submit({test::event("e-1")});
  const auto busy = call("DELETE", path_of(1));
  EXPECT_EQ(busy.status, 409);
  EXPECT_EQ(problem(busy), "destination-busy");
  dispatch();
  transport.answer(200);
  engine().settler.run_once();
  EXPECT_EQ(call("DELETE", path_of(1), {}, "\"1\"").status, 412);
  EXPECT_EQ(call("DELETE", path_of(1)).status, 204);
  EXPECT_EQ(last_audited().action, audit::Action::destination_deleted);
  EXPECT_EQ(read(path_of(1)).status, 404);
  EXPECT_EQ(call("DELETE", path_of(1)).status, 404);
}

TEST_F(DestinationRoutes, AreListedInPagesAndFiltered) {
  given({}, "Alpha");
  given(R"(,"enabled":false)", "beta SIEM");
  given({}, "Gamma siem");
  const auto names = [&](std::map<std::string, std::string> parameters) {
    return column(read("/api/v1/destinations", std::move(parameters)), "destinations", "name");
  };
  EXPECT_EQ(names({}), "destination 1,Alpha,beta SIEM,Gamma siem");
  EXPECT_EQ(names({{"enabled", "false"}}), "beta SIEM");
  EXPECT_EQ(names({{"q", "siem"}}), "beta SIEM,Gamma siem");
  EXPECT_EQ(names({{"adapter", "pigeon"}}), "");
  EXPECT_EQ(names({{"q", "SIEM"}, {"enabled", "true"}}), "Gamma siem");
  const auto first = read("/api/v1/destinations", {{"limit", "3"}});
  const auto cursor = text(json(first).at("next_cursor"));
  const auto second = read("/api/v1/destinations", {{"limit", "3"}, {"cursor", cursor}});
  EXPECT_EQ(column(second, "destinations", "name"), "Gamma siem");
  EXPECT_TRUE(json(second).at("next_cursor").is_null());
  EXPECT_TRUE(json(read("/api/v1/destinations", {{"limit", "4"}})).at("next_cursor").is_null());
  for (const auto& [name, value] :
       std::map<std::string, std::string>{{"limit", "0"}, {"enabled", "yes"}, {"cursor", "x"}, {"colour", "red"}}) {
    const auto response = read("/api/v1/destinations", {{name, value}});
    EXPECT_EQ(response.status, 400) << name;
    EXPECT_TRUE(errors(response).starts_with(name + ": ")) << errors(response);
  }
  EXPECT_EQ(read("/api/v1/destinations", {{"limit", "201"}}).status, 400);
  EXPECT_EQ(read("/api/v1/destinations", {{"limit", "200"}}).status, 200);
}

TEST_F(DestinationRoutes, ATestEventIsSignedDeliveredAndReported) {
  plugins::PluginAdapterRegistry plugin(test::WebhookPlugin::instance().host(), {"OneProtect/test"}, logger);
  registry.instead = &plugin;
  const auto path = given();
  call("PUT", path + "/credentials/signing", R"({"reference":"mem://acme/key"})");
  meanwhile = [&] {
    dispatch();
    if (transport.under_way.empty()) return;
    std::string signature, type;
    for (const auto& field : transport.under_way.front().request.headers) {
      if (field.name == "webhook-signature") signature = field.value;
      if (field.name == "X-OneProtect-Event-Type") type = field.value;
    }
    EXPECT_TRUE(signature.starts_with("v1,")) << "signed like any other";
    EXPECT_EQ(type, "oneprotect.test");
    transport.answer(204);
    engine().settler.run_once();
  };
  const auto response = call("POST", path + ":test", {}, {}, Role::tenant_admin, {{"wait_ms", "15000"}});
  ASSERT_EQ(response.status, 202) << response.body;
  const auto body = json(response);
  EXPECT_EQ(body.at("attempt").at("http_status").as_int64(), 204);
  EXPECT_EQ(text(body.at("attempt").at("result")), "succeeded");
  EXPECT_EQ(header(response, "Location"), "/api/v1/deliveries/" + text(body.at("delivery_id")));
  const auto delivered = only_delivery();
  EXPECT_EQ(delivered.id.to_string(), text(body.at("delivery_id")));
  EXPECT_EQ(delivered.state, DeliveryState::delivered);
  EXPECT_EQ(delivered.event_type, "oneprotect.test");
  const auto records = audited();
  EXPECT_TRUE(std::ranges::any_of(
      records, [](const auto& record) { return record.entry.action == audit::Action::destination_tested; }));
}

TEST_F(DestinationRoutes, ATestEventIsNotWaitedForBeyondWhatWasAsked) {
  const auto at_once = call("POST", path_of(1) + ":test");
  EXPECT_EQ(at_once.status, 202);
  EXPECT_TRUE(json(at_once).at("attempt").is_null());
  const auto before = clock.mono_now();
  EXPECT_TRUE(json(call("POST", path_of(1) + ":test", {}, {}, Role::tenant_admin, {{"wait_ms", "1000"}}))
                  .at("attempt")
                  .is_null());
  EXPECT_EQ(clock.mono_now() - before, 1000ms);
  for (const char* wait : {"15001", "-1", "x", ""})
    EXPECT_EQ(call("POST", path_of(1) + ":test", {}, {}, Role::tenant_admin, {{"wait_ms", wait}}).status, 400) << wait;
}

TEST_F(DestinationRoutes, ADisabledDestinationIsNotTested) {
  call("POST", path_of(1) + ":disable", R"({"reason":"moved"})");
  const auto response = call("POST", path_of(1) + ":test");
  EXPECT_EQ(response.status, 409);
  EXPECT_EQ(problem(response), "destination-disabled");
  EXPECT_TRUE(deliveries().empty());
}

TEST_F(DestinationRoutes, OfAnotherTenantDoNotExist) {
  const std::string body = R"({"name":"x","adapter":"webhook","event_types":["*"],"reason":"x","reference":"mem://x"})";
  const auto none = read(path_of(99)).body;
  for (const auto& [method, below] :
       std::vector<std::pair<std::string, std::string>>{{"GET", ""},
                                                        {"PUT", ""},
                                                        {"DELETE", ""},
                                                        {"POST", ":enable"},
                                                        {"POST", ":test"},
                                                        {"GET", "/credentials"},
                                                        {"GET", "/policy"},
                                                        {"PUT", "/policy"},
                                                        {"DELETE", "/policy"},
                                                        {"DELETE", "/credentials/signing"},
                                                        {"DELETE", "/credentials/signing/versions/1"}}) {
    const auto response = call(method, path_of(2) + below, body, "*");
    EXPECT_EQ(response.status, 404) << method << below;
    EXPECT_EQ(response.body, none);
  }
  EXPECT_EQ(call("POST", path_of(2) + ":disable", R"({"reason":"x"})").status, 404);
  EXPECT_EQ(call("PUT", path_of(2) + "/credentials/signing", R"({"reference":"mem://x"})").status, 404);
  EXPECT_EQ(call("POST", path_of(2) + "/credentials/signing:rotate", R"({"reference":"mem://x"})").status, 404);
  EXPECT_TRUE(stored_destination(2)->enabled);
  EXPECT_EQ(stored_destination(2)->credentials.size(), 1u);
  EXPECT_EQ(column(read("/api/v1/destinations"), "destinations", "name"), "destination 1");
}

TEST_F(DestinationRoutes, AreChangedByAdministratorsAlone) {
  for (const auto role : {Role::auditor, Role::operator_}) {
    EXPECT_EQ(call("GET", path_of(1), {}, {}, role).status, 200);
    EXPECT_EQ(call("POST", "/api/v1/destinations", document(), {}, role).status, 403);
    EXPECT_EQ(call("PUT", path_of(1), document(), "*", role).status, 403);
    EXPECT_EQ(call("DELETE", path_of(1), {}, {}, role).status, 403);
    for (const char* verb : {":enable", ":disable", ":test"})
      EXPECT_EQ(call("POST", path_of(1) + verb, "{}", {}, role).status, 403) << verb;
  }
  EXPECT_EQ(call("GET", path_of(1), {}, {}, Role::producer).status, 403);
  EXPECT_EQ(call("PUT", path_of(1), document(), "*", Role::system_admin).status, 200);
  EXPECT_EQ(last_audited().actor_role, "system_admin");
}

}  // namespace
}  // namespace opi::api
