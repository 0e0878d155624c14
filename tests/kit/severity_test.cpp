#include <gtest/gtest.h>

#include <opi/kit/severity.hpp>

namespace opi::kit {
namespace {

Loudness of(std::string severity, std::string action = "created") {
  Summary summary;
  summary.severity = std::move(severity);
  summary.action = std::move(action);
  return loudness_of(summary);
}

TEST(Severity, IsReadFromAlertsAndTickets) {
  EXPECT_EQ(of("critical"), Loudness::critical);
  EXPECT_EQ(of("P1"), Loudness::critical);
  EXPECT_EQ(of("High"), Loudness::high);
  EXPECT_EQ(of("P2"), Loudness::high);
  EXPECT_EQ(of("medium"), Loudness::medium);
  EXPECT_EQ(of("P3"), Loudness::medium);
  EXPECT_EQ(of("low"), Loudness::low);
  EXPECT_EQ(of("informational"), Loudness::info);
  EXPECT_EQ(of(""), Loudness::none);
  EXPECT_EQ(of("hóch"), Loudness::none);
}

TEST(Severity, IsOverOnceTheSubjectIs) {
  EXPECT_EQ(of("critical", "resolved"), Loudness::settled);
  EXPECT_EQ(of("critical", "closed"), Loudness::settled);
}

}  // namespace
}  // namespace opi::kit
