#include "crypto/digest.hpp"

#include <gtest/gtest.h>

namespace opi::crypto {
namespace {

std::vector<std::uint8_t> bytes(std::string_view hex) { return *from_hex(hex); }
std::string text(const std::vector<std::uint8_t>& data) { return {data.begin(), data.end()}; }
std::vector<std::uint8_t> raw(std::string_view data) { return {data.begin(), data.end()}; }

TEST(Sha256, AgreesWithTheVectorsOfFips180) {
  EXPECT_EQ(to_hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_hex(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

struct HmacVector {
  const char* key;
  const char* data;
  const char* mac;
};

class HmacSha256 : public testing::TestWithParam<HmacVector> {};

TEST_P(HmacSha256, AgreesWithRfc4231) {
  const auto [key, data, mac] = GetParam();
  const auto shown = to_hex(hmac_sha256(bytes(key), text(bytes(data))));
  EXPECT_EQ(shown.substr(0, std::string_view{mac}.size()), mac);
}

std::string repeated(const char* hex, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += hex;
  return out;
}
const std::string aa131 = repeated("aa", 131), aa20 = repeated("aa", 20), dd50 = repeated("dd", 50),
                  cd50 = repeated("cd", 50), b20 = repeated("0b", 20), c20 = repeated("0c", 20);

INSTANTIATE_TEST_SUITE_P(
    Rfc4231, HmacSha256,
    testing::Values(
        HmacVector{b20.c_str(), "4869205468657265", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        HmacVector{"4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
                   "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        HmacVector{aa20.c_str(), dd50.c_str(), "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
        HmacVector{"0102030405060708090a0b0c0d0e0f10111213141516171819", cd50.c_str(),
                   "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
        HmacVector{c20.c_str(), "546573742057697468205472756e636174696f6e", "a3b6167473100ee06e0c796c2955552b"},
        HmacVector{aa131.c_str(),
                   "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d204861736820"
                   "4b6579204669727374",
                   "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
        HmacVector{aa131.c_str(),
                   "5468697320697320612074657374207573696e672061206c6172676572207468616e20626c6f636b2d73697a65"
                   "206b657920616e642061206c6172676572207468616e20626c6f636b2d73697a6520646174612e20546865206b"
                   "6579206e6565647320746f20626520686173686564206265666f7265206265696e6720757365642062792074"
                   "686520484d414320616c676f726974686d2e",
                   "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"}));

TEST(HmacSha256Edge, AnEmptyKeyIsAKey) {
  EXPECT_EQ(to_hex(hmac_sha256({}, "")), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(ConstantTimeEquality, ComparesLengthAndContent) {
  EXPECT_TRUE(equal_constant_time(raw("abc"), raw("abc")));
  EXPECT_FALSE(equal_constant_time(raw("abc"), raw("abd")));
  EXPECT_FALSE(equal_constant_time(raw("abc"), raw("ab")));
  EXPECT_TRUE(equal_constant_time({}, {}));
}

TEST(Hex, GoesBothWays) {
  EXPECT_EQ(to_hex(raw(std::string_view{"\x00\xff\x1a", 3})), "00ff1a");
  EXPECT_EQ(from_hex("00FF1a"), raw(std::string_view{"\x00\xff\x1a", 3}));
  EXPECT_EQ(from_hex(""), std::vector<std::uint8_t>{});
  for (const char* wrong : {"0", "0g", "g0", " 00", "0x00", "00 "}) EXPECT_FALSE(from_hex(wrong)) << wrong;
}

TEST(Base64, AgreesWithTheVectorsOfRfc4648) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, coded] : vectors) {
    EXPECT_EQ(to_base64(raw(plain)), coded);
    EXPECT_EQ(from_base64(coded), raw(plain)) << coded;
    std::string unpadded = coded;
    std::erase(unpadded, '=');
    EXPECT_EQ(from_base64(unpadded), raw(plain)) << unpadded;
  }
}

TEST(Base64, HasOneFormPerValueAndRefusesTheRest) {
  EXPECT_EQ(from_base64("+/+/"), bytes("fbffbf"));
  // A lone digit, wrong or misplaced padding, set leftover bits, the URL alphabet, blanks.
  for (const char* wrong : {"Z", "Zg=", "Zg===", "Zg====", "=", "==", "====", "Zm8==", "Z=g=", "Zh==", "Zm9=", "-_-_",
                            "Zm 9v", "Zm9v\n", "Zm9vYg==Zm9v"})
    EXPECT_FALSE(from_base64(wrong)) << wrong;
}

TEST(Base64Url, IsUnpaddedWithItsOwnAlphabet) {
  EXPECT_EQ(to_base64url(bytes("fbffbf")), "-_-_");
  EXPECT_EQ(to_base64url(raw("f")), "Zg");
  EXPECT_EQ(to_base64url({}), "");
}

}  // namespace
}  // namespace opi::crypto
