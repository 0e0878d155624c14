#include "domain/redaction.hpp"

#include <gtest/gtest.h>

namespace opi {
namespace {

struct Case {
  const char* text;
  const char* expected;
};

class Redaction : public testing::TestWithParam<Case> {};

TEST_P(Redaction, HidesTheSecretAndKeepsTheRest) { EXPECT_EQ(redact(GetParam().text), GetParam().expected); }

INSTANTIATE_TEST_SUITE_P(
    Notations, Redaction,
    testing::Values(
        Case{R"({"error":"bad","api_key":"abc123","code":7})", R"({"error":"bad","api_key":"[redacted]","code":7})"},
        Case{R"({"error":"{\"token\":\"abc\"} refused"})", R"({"error":"{\"token\":\"[redacted]\"} refused"})"},
        Case{R"({"password" : "a\"b" , "x":1})", R"({"password" : "[redacted]" , "x":1})"},
        Case{R"({"token":null,"secret":12345})", R"({"token":null,"secret":[redacted]})"},
        Case{R"({"tokens":["a","b"],"n":1})", R"({"tokens":[redacted],"n":1})"},
        Case{"user=jo&password=p4ss&x=1", "user=jo&password=[redacted]&x=1"},
        Case{"GET https://h.example/p?sig=a%2Bb&y=2 failed", "GET https://h.example/p?sig=[redacted]&y=2 failed"},
        Case{"Authorization: Bearer abcdef\nX: 1", "Authorization: [redacted] X: 1"},
        Case{"got header 'Bearer abcdefgh12' instead", "got header 'Bearer [redacted]' instead"},
        Case{"the bearer of news", "the bearer of news"},
        Case{"https://jo:p4ss@h.example/x", "https://[redacted]@h.example/x"},
        Case{"mail to jo@h.example is fine", "mail to jo@h.example is fine"},
        Case{"expected whsec_MfKQ9r8GKYqrTwjU here", "expected [redacted] here"},
        Case{"jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln!", "jwt [redacted]!"},
        Case{"AKIAIOSFODNN7EXAMPLE", "[redacted]"},
        Case{"-----BEGIN PRIVATE KEY-----\nAAA\n-----END PRIVATE KEY----- after", "[redacted] after"},
        Case{"-----BEGIN RSA PRIVATE KEY-----\nAAA cut", "[redacted]"},
        Case{"Set-Cookie: sid=1; Path=/", "Set-Cookie: [redacted]"}, Case{"signature mismatch", "signature mismatch"},
        Case{"Ungültig: Straße 🚀", "Ungültig: Straße 🚀"},
        Case{"a\tb\x01"
             "c\x7f",
             "a b c "},
        Case{"a\u009bb\u00a0c", "a b\u00a0c"}, Case{"\xff\xc3(", "\xef\xbf\xbd\xef\xbf\xbd("},
        Case{"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"}, Case{"password=", "password="}));

TEST(RedactionOfOwnTokens, KnowsTheirShapeAndNoOtherNamesOfOurs) {
  EXPECT_EQ(redact("no opi_AbCdEfGhIjKlMnOpQrStUvWxYz0123456789abcdefg here"), "no [redacted] here");
  EXPECT_EQ(redact("opi_deliveries_ended_total and opi_AbCdEfGh"), "opi_deliveries_ended_total and opi_AbCdEfGh");
}

TEST(StrictRedaction, HidesWhatLooksLikeAValue) {
  for (const char* value :
       {"Zk3Qp9xTr7LmW2vB", "c0ffee00c0ffee00c0ffee00", "a+b/Zk3Qp9xTr7LmW2vB==", "x-Zk3Qp9xTr7LmW2vB_y"})
    EXPECT_EQ(redact_strictly("cannot use " + std::string(value) + " as a key"), "cannot use [redacted] as a key");
  EXPECT_EQ(redact_strictly("password=hunter2"), "password=[redacted]");
}

TEST(StrictRedaction, LeavesWordsNamesAndPaths) {
  for (const char* text : {"secret \"payments-webhook-v2\" is not found in namespace acme-prod-7",
                           "/var/run/secrets/acme/signing/main/1: permission denied", "the vault is sealed",
                           "HTTP 503 from kubernetes.default.svc"})
    EXPECT_EQ(redact_strictly(text), text);
}

TEST(StrictRedaction, WhatIsBeyondTheExaminedPartIsNeverShown) {
  const std::string shown = redact_strictly(std::string(16 * 1024, ' ') + "hunter2", 100'000);
  EXPECT_EQ(shown.find("hunter2"), std::string::npos);
  EXPECT_TRUE(shown.ends_with("…"));
}

TEST(Redaction, AControlCharacterDoesNotHideASecret) {
  for (const char* text : {"password\x01: hunter22",
                           "Bearer\x1f"
                           "abcdefgh12345",
                           "password\r\n=hunter22"}) {
    EXPECT_EQ(redact(text).find("hunter22"), std::string::npos) << text;
    EXPECT_EQ(redact(text).find("abcdefgh12345"), std::string::npos) << text;
    EXPECT_EQ(redact(redact(text)), redact(text)) << text;
  }
}

TEST(RedactionLimit, CountsCharactersNotBytes) {
  std::string text;
  for (int i = 0; i < 512; ++i) text += "é";
  EXPECT_EQ(redact(text), text);
  const std::string cut = redact(text + "x");
  EXPECT_TRUE(cut.ends_with("é…"));
  EXPECT_EQ(cut.size(), 511 * 2 + 3u);
}

TEST(RedactionLimit, ASecretAcrossTheCutIsHidden) {
  const std::string text = std::string(500, 'a') + " token=abcdefghijklmnopqrstuvwxyz";
  EXPECT_EQ(redact(text).find("abcdefgh"), std::string::npos);
}

TEST(RedactionLimit, WhatIsBeyondTheExaminedPartIsNeverShown) {
  const std::string text = std::string(16 * 1024, ' ') + "password=hunter2";
  const std::string shown = redact(text, 100'000);
  EXPECT_EQ(shown.find("hunter2"), std::string::npos);
  EXPECT_TRUE(shown.ends_with("…"));
}

}  // namespace
}  // namespace opi
