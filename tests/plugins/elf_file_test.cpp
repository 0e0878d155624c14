#include "plugins/elf_file.hpp"

#include <elf.h>
#include <gmock/gmock.h>

#include <cstring>

#include "plugins/plugin_lab.hpp"

namespace opi::plugins::testing {
namespace {

using ::testing::ElementsAre;

TEST(ElfFile, ShowsManifestAndExportsOfAShippedPlugin) {
  const auto facts = read_elf(read_file(OPI_TEST_WEBHOOK));
  EXPECT_THAT(facts.exports, ElementsAre("opi_plugin_entry_v1"));
  ASSERT_EQ(facts.manifests.size(), 1u);
  EXPECT_EQ(facts.manifests[0].front(), '{');
  EXPECT_FALSE(facts.executable_stack);
  EXPECT_FALSE(facts.text_relocations);
}

TEST(ElfFile, IsReadWithinItsBoundsHoweverItIsCut) {
  const auto bytes = read_file(fs::path(OPI_TEST_BAD_DIR) / "good.so");
  for (std::size_t n = 0; n < bytes.size(); n += 7) {
    const std::string cut(bytes.data(), n);  // its own allocation, so that a sanitizer sees any overrun
    try {
      (void)read_elf(cut);
      EXPECT_GT(n, 8'000u) << "the loadable segments are cut";
    } catch (const NotElf&) {
      EXPECT_LT(n, sizeof(Elf64_Ehdr));
    } catch (const DamagedElf&) {
      EXPECT_GE(n, std::size_t{EI_NIDENT});
    }
  }
}

// Every 4 bytes of the headers and tables set to the values that break arithmetic.
TEST(ElfFile, IsReadWithinItsBoundsWhateverItsTablesSay) {
  const auto bytes = read_file(fs::path(OPI_TEST_BAD_DIR) / "good.so");
  int refused = 0;
  for (std::size_t at = 0; at + 8 <= bytes.size(); at += at < 0x800 ? 4 : 52)
    for (const std::uint64_t value : {std::uint64_t{0}, ~std::uint64_t{0}, std::uint64_t{1} << 63,
                                      std::uint64_t{0x7fffffff}, std::uint64_t{0xffffffff}}) {
      auto changed = bytes;
      std::memcpy(changed.data() + at, &value, 8);
      try {
        (void)read_elf(changed);
      } catch (const std::runtime_error&) {
        ++refused;
      }
    }
  EXPECT_GT(refused, 100);
}

}  // namespace
}  // namespace opi::plugins::testing
