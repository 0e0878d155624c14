#include "domain/timestamp.hpp"

#include <gtest/gtest.h>

namespace opi {
namespace {

using std::chrono::milliseconds;

TEST(Timestamp, IsReadInAnyZoneToTheMillisecond) {
  const UnixTime time{milliseconds{1'795'446'245'007}};
  for (const char* text : {"2026-11-23T15:04:05.007Z", "2026-11-23t15:04:05.0079999z", "2026-11-23T16:34:05.007+01:30",
                           "2026-11-23T10:04:05.007-05:00"})
    EXPECT_EQ(parse_rfc3339(text), time) << text;
  EXPECT_EQ(parse_rfc3339("2026-11-23T15:04:05Z"), time - milliseconds{7});
  EXPECT_EQ(parse_rfc3339("2026-11-23T15:04:05.1Z"), time + milliseconds{93});
  EXPECT_EQ(parse_rfc3339(to_rfc3339(time)), time);
}

TEST(Timestamp, RefusesWhatIsNotOne) {
  for (const char* text :
       {"", "2026-11-23", "2026-11-23T15:04:05", "2026-11-23 15:04:05Z", "2026-11-31T15:04:05Z", "2026-13-23T15:04:05Z",
        "2026-11-23T24:04:05Z", "2026-11-23T15:60:05Z", "2026-11-23T15:04:05.Z", "2026-11-23T15:04:05+1:00",
        "2026-11-23T15:04:05+24:00", "2026-11-23T15:04:05Zx", "+026-11-23T15:04:05Z"})
    EXPECT_FALSE(parse_rfc3339(text)) << text;
}

}  // namespace
}  // namespace opi
