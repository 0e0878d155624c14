#include "delivery/endpoint_secrets.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace opi::delivery {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(EndpointSecrets, AreSegmentsThatAMachineChoseAndValuesOfTheQuery) {
  EXPECT_THAT(endpoint_secrets("https://hooks.example/services/T0123ABCD456/B0abcdefgh12/abcdefghijklmnopqrstuvwx"),
              ElementsAre("T0123ABCD456", "B0abcdefgh12", "abcdefghijklmnopqrstuvwx"));
  EXPECT_THAT(endpoint_secrets("https://h.example/in?key=s3cr3t&v=2&b4rewordtoken"),
              ElementsAre("s3cr3t", "b4rewordtoken"));
  EXPECT_THAT(endpoint_secrets("https://h.example/in?access_token=monkeys&Code=monkey"),
              ElementsAre("monkeys", "monkey"));
  EXPECT_THAT(endpoint_secrets("https://h.example/hooks/11111111-2222-3333-4444-555555555555"),
              ElementsAre("11111111-2222-3333-4444-555555555555"));
  EXPECT_THAT(endpoint_secrets("https://h.example/in/9d385017c611228701d22104cc95c371/enqueue"),
              ElementsAre("9d385017c611228701d22104cc95c371"));
  EXPECT_THAT(endpoint_secrets("https://h.example?sig=a%2Fb%3Dc"), ElementsAre("a%2Fb%3Dc", "a/b=c"));
}

TEST(EndpointSecrets, AreNotNamesThatPeopleChose) {
  EXPECT_THAT(endpoint_secrets("https://jira.example/rest/api/2/issue"), IsEmpty());
  EXPECT_THAT(endpoint_secrets("https://h.example/subscriptions/webhook-v2?v=2"), IsEmpty());
  EXPECT_THAT(endpoint_secrets("https://h.example/accounts/11111111-2222-3333-4444-555555555555/tickets"), IsEmpty());
  EXPECT_THAT(endpoint_secrets("https://h.example/service-request-attachments/alerts-2026/123456789012345678"),
              IsEmpty());
  EXPECT_THAT(endpoint_secrets("https://h.example/in?type=incident&api-version=2026-06-01&notifications&n=12345678"),
              IsEmpty());
  for (const char* url : {"", "https://", "https://h.example", "https://h.example/", "https://h.example/?", "nothing"})
    EXPECT_THAT(endpoint_secrets(url), IsEmpty()) << url;
}

TEST(EndpointSecrets, BeginAtALength) {
  EXPECT_THAT(endpoint_secrets("https://h.example/a1b2c3d4e5f"), IsEmpty());
  EXPECT_THAT(endpoint_secrets("https://h.example/a1b2c3d4e5f6"), ElementsAre("a1b2c3d4e5f6"));
  EXPECT_THAT(endpoint_secrets("https://h.example/?n=a1b2c3d"), IsEmpty());
  EXPECT_THAT(endpoint_secrets("https://h.example/?n=a1b2c3d4"), ElementsAre("a1b2c3d4"));
  EXPECT_THAT(endpoint_secrets("https://h.example/?key=abcde"), IsEmpty());
  EXPECT_THAT(endpoint_secrets("https://h.example/?key=abcdef"), ElementsAre("abcdef"));
  EXPECT_THAT(endpoint_secrets("https://h.example/abcdefghijklmnopqrstuvw"), IsEmpty());
  EXPECT_THAT(endpoint_secrets("https://h.example/abcdefghijklmnopqrstuvwx"), ElementsAre("abcdefghijklmnopqrstuvwx"));
}

TEST(EndpointSecrets, ABrokenPercentEncodingStaysAsItIs) {
  EXPECT_THAT(endpoint_secrets("https://h.example/?key=abcdef%2"), ElementsAre("abcdef%2"));
  EXPECT_THAT(endpoint_secrets("https://h.example/?key=abcdef%zz"), ElementsAre("abcdef%zz"));
}

}  // namespace
}  // namespace opi::delivery
