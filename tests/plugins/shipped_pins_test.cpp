#include "plugins/shipped_pins.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>

#include "support/temporary_folder.hpp"

namespace opi::plugins::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::string one(64, 'a'), other(64, '0');

class ShippedPins : public ::testing::Test {
 protected:
  std::vector<std::string> read(const std::string& text) {
    std::ofstream(file_, std::ios::binary | std::ios::trunc) << text;
    return read_shipped_pins(file_);
  }
  std::string refusal(const std::string& text) {
    try {
      (void)read(text);
    } catch (const std::runtime_error& failure) {
      return failure.what();
    }
    return "";
  }
  opi::test::TemporaryFolder folder_;
  const std::filesystem::path file_ = folder_.path() / "opi-plugins.sha256";
};

TEST_F(ShippedPins, AreReadAsSha256sumWritesThem) {
  EXPECT_THAT(read(one + "  webhook.so\n" + other + "  slack.so\n"), ElementsAre(one, other));
  EXPECT_THAT(read_shipped_pins(folder_.path() / "none"), IsEmpty());
  EXPECT_THAT(read(""), IsEmpty());
}

TEST_F(ShippedPins, ALineThatIsNoneIsNamed) {
  for (const auto& line : {std::string("hello"), one, one + " x.so", one + "  ", std::string(64, 'A') + "  x.so",
                           one.substr(1) + "  x.so", one + "a  x.so", std::string("\n")})
    EXPECT_THAT(refusal(one + "  x.so\n" + line), HasSubstr("opi-plugins.sha256 line 2")) << line;
}

TEST_F(ShippedPins, ThereAreNoMoreThan256) {
  std::string text;
  for (int i = 0; i < 256; ++i) text += one + "  x.so\n";
  EXPECT_THAT(read(text), SizeIs(256));
  EXPECT_THAT(refusal(text + one + "  x.so\n"), HasSubstr("line 257 is one too many"));
  EXPECT_THAT(refusal(one + "  " + std::string(64 * 1024, 'x')), HasSubstr("more than 65536 bytes"));
}

TEST_F(ShippedPins, WhoElseMayWriteThemMayNotDecide) {
  (void)read(one + "  x.so\n");
  for (const mode_t mode : {0664, 0646, 0666}) {
    ASSERT_EQ(::chmod(file_.c_str(), mode), 0);
    EXPECT_THROW((void)read_shipped_pins(file_), std::runtime_error) << mode;
  }
  ASSERT_EQ(::chmod(file_.c_str(), 0644), 0);
  EXPECT_THAT(read_shipped_pins(file_), SizeIs(1));
  std::filesystem::create_symlink(file_, folder_.path() / "link");
  EXPECT_THROW((void)read_shipped_pins(folder_.path() / "link"), std::runtime_error);
}

}  // namespace
}  // namespace opi::plugins::testing
