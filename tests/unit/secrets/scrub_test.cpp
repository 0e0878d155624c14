#include "secrets/scrub.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "crypto/digest.hpp"
#include "support/seeded_random.hpp"

namespace opi::secrets {
namespace {

SecretSet set_of(std::initializer_list<const char*> values) {
  SecretSet set;
  set.purposes.push_back({"signing", {}, {}});
  for (const char* value : values)
    set.purposes.back().versions.push_back({std::make_shared<const Secret>(std::string_view{value}), "1"});
  return set;
}

std::string scrubbed(std::string input, const SecretSet& set) {
  scrub(input, set);
  return input;
}

TEST(Scrub, ReplacesEveryOccurrenceOfEveryLiveVersion) {
  const auto set = set_of({"new-secret", "old-secret"});
  EXPECT_EQ(scrubbed("a new-secret b old-secret c new-secret", set), "a [redacted] b [redacted] c [redacted]");
  EXPECT_EQ(scrubbed("new-secretnew-secret", set), "[redacted][redacted]");
  EXPECT_EQ(scrubbed("nothing here", set), "nothing here");
  EXPECT_EQ(scrubbed("", set), "");
}

TEST(Scrub, KnowsAWebhookSecretWithoutItsPrefix) {
  const auto set = set_of({"whsec_MfKQ9r8GKYqr"});
  EXPECT_EQ(scrubbed("key MfKQ9r8GKYqr and whsec_MfKQ9r8GKYqr", set), "key [redacted] and [redacted]");
}

TEST(Scrub, KnowsTheFormsInWhichAReceiverMayRepeatASecret) {
  const auto set = set_of({"p/q+r=s t-123"});
  EXPECT_EQ(scrubbed("hex 702f712b723d7320742d313233.", set), "hex [redacted].");
  EXPECT_EQ(scrubbed("hex 702F712B723D7320742D313233.", set), "hex [redacted].");
  EXPECT_EQ(scrubbed("query p%2Fq%2Br%3Ds%20t-123.", set), "query [redacted].");
  EXPECT_EQ(scrubbed("query p%2fq%2br%3ds%20t-123.", set), "query [redacted].");
  EXPECT_EQ(scrubbed(R"(json p\/q+r=s t-123.)", set), "json [redacted].");
  // "Basic" of user:secret, and of the same at the two other places modulo 3; only digits of neighbours stay.
  for (const char* encoded :
       {"cC9xK3I9cyB0LTEyMw==", "dXNlcjpwL3Ercj1zIHQtMTIz", "dTpwL3Ercj1zIHQtMTIz", "eHA6cC9xK3I9cyB0LTEyMzp4"}) {
    const auto left = scrubbed(encoded, set);
    EXPECT_NE(left.find("[redacted]"), std::string::npos) << encoded;
    EXPECT_LE(left.size(), std::string_view{"[redacted]"}.size() + 12) << left;
  }
}

TEST(Scrub, KnowsBase64ThatWasCutAtItsGroups) {
  const auto set = set_of({"p/q+r=s t-123"});
  // Of "p/q…", "up/q…" and "u:p/q…", without the groups that hold anything else.
  for (const char* cut : {"cC9xK3I9cyB0LTEy", "cStyPXMgdC0x", "L3Ercj1zIHQtMTIz"})
    EXPECT_EQ(scrubbed("<" + std::string(cut) + ">", set), "<[redacted]>") << cut;
}

TEST(Scrub, KnowsTheKeyThatAWebhookSecretEncodes) {
  const auto set = set_of({"whsec_MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1u"});
  EXPECT_EQ(scrubbed("raw 0123456789abcdefghijklmn, hex 303132333435363738396162636465666768696a6b6c6d6e", set),
            "raw [redacted], hex [redacted]");
}

TEST(Scrub, TakesMoreThanSecrets) {
  const std::vector<std::string> more{"T0123ABCD456", "short"};
  std::string text = "at /services/T0123ABCD456?x=short";
  scrub(text, {}, more);
  EXPECT_EQ(text, "at /services/[redacted]?x=short");
}

TEST(Scrub, LooksForPiecesWhereItIsAskedTo) {
  const auto set = set_of({"p/q+r=s t-123"});
  const auto pieces = [&](std::string text) {
    scrub_pieces(text, set);
    return text;
  };
  EXPECT_EQ(pieces("it was p/q+r=s t… and q+r=s t-…, whole p/q+r=s t-123"),
            "it was [redacted]… and [redacted]…, whole [redacted]");
  EXPECT_EQ(pieces("of seven: p/q+r=…"), "of seven: p/q+r=…");
  EXPECT_EQ(pieces(R"(p\/q\u002br=s t…)"), "[redacted]…");
  EXPECT_EQ(scrubbed("it was p/q+r=s t…", set), "it was p/q+r=s t…");
}

TEST(Scrub, LeavesValuesShorterThanSixBytes) {
  EXPECT_EQ(scrubbed("a 12345 b", set_of({"12345"})), "a 12345 b");
  EXPECT_EQ(scrubbed("a 123456 b", set_of({"123456"})), "a [redacted] b");
}

TEST(Scrub, ASecretInsideAnotherLeavesNoRemainder) {
  for (const auto& set : {set_of({"secret", "xx-secret-yy"}), set_of({"xx-secret-yy", "secret"})})
    EXPECT_EQ(scrubbed("got xx-secret-yy and secret", set), "got [redacted] and [redacted]");
}

TEST(Scrub, ReadsEveryEscapeOfASign) {
  const auto set = set_of({"p/q+r&s\"\xc3\xa4-1"});
  for (const char* echoed :
       {R"(p\/q\u002br\u0026s\"\u00e4-1)", R"(p\/q\u002Br\u0026s\"\u00E4-1)", R"(p/q\x2br\x26s\x22\xc3\xa4\x2d1)",
        "p/q&plus;r&amp;s&quot;&auml;-1", "p&sol;q&#43;r&#38;s&#34;&#228;&#45;1",
        "p&#x2F;q&#x2b;r&#X26;s&#x22;&#xE4;-1", "p&#47q&#43r&#38s&#34&#228;-1", "p%2Fq%2br%26s%22%C3%a4%2D1",
        R"(p\\/q\\u002br\\u0026s\\\"\\u00e4-1)", "p%252Fq%252br%2526s%2522%25C3%25a4-1",
        R"(p%5C%2Fq+r\u0026amp;s&quot;\u00e4-1)"})
    EXPECT_EQ(scrubbed("<" + std::string(echoed) + ">", set), "<[redacted]>") << echoed;
}

TEST(Scrub, ReadsCharacterReferencesAsHtmlDoes) {
  const auto set = set_of({"a<Z&b\"\xc3\xa4\xc2\xa9"});
  for (const char* echoed :
       {"a&lt&#000000090;&ampb&quot&auml&copy", "a&LT&#00000000000000000000090;&AMPb&QUOT&#xe4&COPY",
        "a&#x0000000000003c;&#x000000000005A&amp;b&quot;&#00000000228&COPY;"})
    EXPECT_EQ(scrubbed("<" + std::string(echoed) + ">", set), "<[redacted]>") << echoed;
  // Too large for a character, however it is written; and no name of old.
  EXPECT_EQ(scrubbed("a&lt&#4294967386;&ampb&quot&auml&copy", set), "a&lt&#4294967386;&ampb&quot&auml&copy");
  EXPECT_EQ(scrubbed("p&plusq&sol-1", set_of({"p+q/-1"})), "p&plusq&sol-1");
}

TEST(Scrub, KnowsASecretThatLooksLikeAnEscapeItself) {
  for (const char* secret : {"a%41bcdef", R"(a\u0041bcdef)", "a&amp;bcdef", "a\"%41bcdef", R"(C:\new\table)"}) {
    const auto set = set_of({secret});
    EXPECT_EQ(scrubbed("<" + std::string(secret) + ">", set), "<[redacted]>");
  }
  EXPECT_EQ(scrubbed(R"(<a\"%41bcdef>)", set_of({"a\"%41bcdef"})), "<[redacted]>");
  EXPECT_EQ(scrubbed(R"(<C:\\new\\table>)", set_of({R"(C:\new\table)"})), "<[redacted]>");
}

TEST(Scrub, OverlappingOccurrencesLeaveNoRemainder) {
  EXPECT_EQ(scrubbed("<ababababab>", set_of({"abababab"})), "<[redacted]>");
  EXPECT_EQ(scrubbed("aaaaaaaaaaaaaaaaaaaaaaa", set_of({"aaaaaa"})), "[redacted]");
}

TEST(Scrub, ReadsBase64OverItsBrokenLines) {
  const auto set = set_of({"0123456789abcdefghijklmnopqrstuvwxyz"});
  EXPECT_EQ(scrubbed("<MDEyMzQ1Njc4OWFi\r\nY2RlZmdoaWprbG1u\nb3BxcnN0dXZ3eHl6>", set), "<[redacted]>");
  EXPECT_EQ(scrubbed("<MDEyMzQ1Njc4OWFi\r\n Y2RlZmdoaWprbG1u\r\n\t \tb3BxcnN0dXZ3eHl6>", set), "<[redacted]>");
  EXPECT_EQ(scrubbed(R"(<MDEyMzQ1Njc4OWFi\nY2RlZmdoaWprbG1u\nb3BxcnN0dXZ3eHl6>)", set), "<[redacted]>");
}

TEST(Scrub, ReadsHexWhateverStandsBetweenItsPairs) {
  const auto set = set_of({"p/q+r=s t-123"});
  for (const char* hex : {"70:2f:71:2b:72:3d:73:20:74:2d:31:32:33", "70-2F-71-2B-72-3D-73-20-74-2D-31-32-33",
                          "70 2f 71 2b 72 3d 73 20\r\n74 2d 31 32 33", "702f 712b 723d 7320 742d 3132 33"})
    EXPECT_EQ(scrubbed("<" + std::string(hex) + ">", set), "<[redacted]>") << hex;
}

TEST(Scrub, LooksIntoWhatIsEncodedAsItLooksIntoTheText) {
  const auto set = set_of({"p/q+r=s \"-123"});
  const auto encoded = [](std::string_view text) {
    return crypto::to_base64({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  };
  // What stands before and behind the secret: whole groups of base64 stay.
  for (const auto& [text, before, behind] :
       {std::tuple{std::string{R"({"t":"p\/q+r=s \"-123"}..)"}, "eyJ0", "In0u"},
        std::tuple{"..." + encoded("p/q+r=s \"-123") + "....", "Li4u", "Li4u"},
        std::tuple{std::string{"...p%2Fq%2Br%3Ds%20%22-123..."}, "Li4u", "Li4u"}}) {
    const auto left = scrubbed("<" + encoded(text) + ">", set);
    EXPECT_TRUE(left.starts_with("<" + std::string(before))) << left;
    EXPECT_NE(left.find("[redacted]"), std::string::npos) << left;
    EXPECT_LE(left.size(), 32U) << left;
  }
}

TEST(Scrub, KnowsWhatWasSentHoweverShortAndItsCredential) {
  SecretSet set = set_of({"abc"});
  for (const char* sent : {"Basic dTphYmM=", "abc"})
    set.sent.push_back(std::make_shared<const Secret>(std::string_view{sent}));
  EXPECT_EQ(scrubbed("got 'Basic dTphYmM=' or dTphYmM= with \"abc\" in abcdef, \\u0061bc", set),
            "got '[redacted]' or [redacted] with \"[redacted]\" in abcdef, [redacted]");
}

// Code points as receivers may write them.
using Points = std::u32string;
using Encode = std::function<std::string(const Points&)>;

std::string utf8(char32_t c) {
  if (c < 0x80) return {static_cast<char>(c)};
  if (c < 0x800) return {static_cast<char>(0xc0 | c >> 6), static_cast<char>(0x80 | (c & 0x3f))};
  if (c < 0x10000)
    return {static_cast<char>(0xe0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 0x3f)),
            static_cast<char>(0x80 | (c & 0x3f))};
  return {static_cast<char>(0xf0 | c >> 18), static_cast<char>(0x80 | (c >> 12 & 0x3f)),
          static_cast<char>(0x80 | (c >> 6 & 0x3f)), static_cast<char>(0x80 | (c & 0x3f))};
}
std::string text_of(const Points& points) {
  std::string text;
  for (const auto c : points) text += utf8(c);
  return text;
}
Points points_of(std::string_view text) {
  Points points;
  while (!text.empty()) {
    const auto first = static_cast<unsigned char>(text[0]);
    const std::size_t length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    char32_t c = length == 1 ? first : first & (0x7fU >> length);
    for (std::size_t i = 1; i < length; ++i) c = c << 6 | (static_cast<unsigned char>(text[i]) & 0x3fU);
    points += c;
    text.remove_prefix(length);
  }
  return points;
}

std::string number(const char* format, unsigned value) {
  char text[32];
  std::snprintf(text, sizeof text, format, value);
  return text;
}
Encode each(std::function<std::string(char32_t)> one) {
  return [one](const Points& points) {
    std::string out;
    for (const auto c : points) out += one(c);
    return out;
  };
}
std::string json_unit(const char* format, char32_t c) {
  if (c < 0x10000) return number(format, static_cast<unsigned>(c));
  return number(format, static_cast<unsigned>(0xd800 + ((c - 0x10000) >> 10))) +
         number(format, static_cast<unsigned>(0xdc00 + ((c - 0x10000) & 0x3ff)));
}
std::string json_minimal(char32_t c) {
  if (c == '\r') return "\\r";
  if (c == '\n') return "\\n";
  return c == '"' || c == '\\' ? std::string{'\\', static_cast<char>(c)} : utf8(c);
}
std::string html_named(char32_t c) {
  switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '"': return "&quot;";
    case '+': return "&plus;";
    case '/': return "&sol;";
    case 0xe4: return "&auml;";
    default: return utf8(c);
  }
}
// Without semicolons where HTML needs none: those of a text, as one that stands there would be taken for its own.
std::string html_old(const Points& points) {
  std::string out;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const std::string_view name = points[i] == '&'    ? "&amp"
                                  : points[i] == '<'  ? "&lt"
                                  : points[i] == '>'  ? "&gt"
                                  : points[i] == '"'  ? "&quot"
                                  : points[i] == 0xe4 ? "&auml"
                                                      : "";
    out += name.empty() ? utf8(points[i]) : std::string(name);
    if (!name.empty() && i + 1 < points.size() && points[i + 1] == ';') out += ';';
  }
  return out;
}
std::string percent(const char* format, bool all, char32_t c) {
  const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  if (plain && !all) return utf8(c);
  std::string out;
  for (const char byte : utf8(c)) out += number(format, static_cast<unsigned char>(byte));
  return out;
}
std::string base64(const Points& points, const std::string& before, const std::string& after, bool url) {
  const auto text = before + text_of(points) + after;
  const std::span bytes{reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
  return url ? crypto::to_base64url(bytes) : crypto::to_base64(bytes);
}
std::string folded(const std::string& text, std::size_t width, const std::string& fold) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += width) out += (at == 0 ? "" : fold) + text.substr(at, width);
  return out;
}
Encode behind(const Encode& outer, const Encode& inner) {
  return [outer, inner](const Points& points) { return outer(points_of(inner(points))); };
}

std::vector<Encode> simple_encoders() {
  std::vector<Encode> all{text_of, each(json_minimal), each(html_named), html_old};
  for (const char* format : {"\\u%04x", "\\u%04X"})
    all.push_back(each([format](char32_t c) { return json_unit(format, c); }));
  for (const char* format : {"&#%u;", "&#%u", "&#x%x;", "&#x%X;", "&#x0%x;", "&#000000000%u;"})
    all.push_back(each([format](char32_t c) { return number(format, static_cast<unsigned>(c)); }));
  for (const char* format : {"%%%02x", "%%%02X"})
    for (const bool whole : {false, true})
      all.push_back(each([format, whole](char32_t c) { return percent(format, whole, c); }));
  for (const char* format : {"%02x", "%02X", "%02x:", "%02X-", "%02x\n"})
    all.push_back(each([format](char32_t c) { return percent(format, true, c); }));
  for (const char* before : {"", "u", "u:", "us:", "user:"})
    for (const char* after : {"", "!", "?!"})
      for (const bool url : {false, true})
        all.push_back([=](const Points& points) { return base64(points, before, after, url); });
  return all;
}

// Those whose blanks a form would write as plus signs, which are digits of base64, and the form itself.
std::vector<Encode> encoders_of_blanks() {
  return {each([](char32_t c) { return c == ' ' ? "+" : percent("%%%02X", false, c); }),
          each([](char32_t c) { return percent("%02x ", true, c); }),
          [](const Points& points) { return folded(base64(points, "u:", "!", false), 8, "\r\n \t"); }};
}

// Each alone, each two of them, and some of them behind two others.
std::vector<Encode> encoders() {
  const auto simple = simple_encoders(), blanks = encoders_of_blanks();
  auto all = simple;
  all.insert(all.end(), blanks.begin(), blanks.end());
  for (const auto& outer : simple) {
    for (const auto& inner : simple) all.push_back(behind(outer, inner));
    for (const auto& other : blanks) {
      all.push_back(behind(outer, other));
      all.push_back(behind(other, outer));
    }
    all.push_back(behind(each(html_named), behind(each(json_minimal), outer)));
  }
  return all;
}

// Random secrets, of signs that mean something to one encoding or another, each in several fields of one answer.
TEST(Scrub, FindsAnySecretInAnyEncodingOfAnyField) {
  constexpr std::u32string_view signs = U"abcXYZ0189%\\&\"'/+=;#:-_~.<>[]{} \u00e4\u20ac\U0001f6a8xu";
  test::SeededRandom random(20'261'130);
  const auto below = [&](std::size_t limit) {
    return static_cast<std::size_t>(random.uniform() * static_cast<double>(limit));
  };
  const auto all = encoders();
  std::size_t next = 0;
  while (next < 2 * all.size()) {
    Points secret;
    while (secret.size() < 8 + below(33)) secret += signs[below(signs.size())];
    const auto plain = text_of(secret);
    const auto set = set_of({plain.c_str()});
    std::vector<std::string> echoes;
    std::string answer = "{";
    for (int field = 0; field < 3; ++field) {
      echoes.push_back(all[next++ % all.size()](secret));
      const auto glued = std::string("abcd").substr(0, below(5));
      answer += "\"field" + std::to_string(field) + "\": \"it was ( " + glued + echoes.back() + " )\", ";
    }
    const auto left = scrubbed(answer + "}", set);
    std::size_t marks = 0;
    for (auto at = left.find("[redacted]"); at != std::string::npos; at = left.find("[redacted]", at + 1)) ++marks;
    ASSERT_EQ(marks, 3U) << plain << "\n" << answer << "\n" << left;
    for (const auto& echo : echoes) ASSERT_EQ(left.find(echo), std::string::npos) << plain << "\n" << echo;
    for (int field = 0; field < 3; ++field)
      ASSERT_NE(left.find("\"field" + std::to_string(field) + "\": \"it was ( "), std::string::npos) << left;
  }
}

}  // namespace
}  // namespace opi::secrets
