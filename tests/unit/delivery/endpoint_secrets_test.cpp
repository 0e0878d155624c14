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
  EXPECT_THAT(endpoint_secrets("https://h.example/in?key=s3cr3t&v=2&barewordtoken"),
              ElementsAre("s3cr3t", "barewordtoken"));
  EXPECT_THAT(endpoint_secrets("https://h.example?sig=a%2Fb%3Dc"), ElementsAre("a%2Fb%3Dc", "a/b=c"));
}

TEST(EndpointSecrets, AreNotNamesThatPeopleChose) {
  EXPECT_THAT(endpoint_secrets("https://jira.example/rest/api/2/issue"), IsEmpty());
  EXPECT_THAT(endpoint_secrets("https://h.example/subscriptions/webhook-v2?v=2"), IsEmpty());
  for (const char* url : {"", "https://", "https://h.example", "https://h.example/", "https://h.example/?", "nothing"})
    EXPECT_THAT(endpoint_secrets(url), IsEmpty()) << url;
}

TEST(EndpointSecrets, ABrokenPercentEncodingStaysAsItIs) {
  EXPECT_THAT(endpoint_secrets("https://h.example/?k=abcdef%2"), ElementsAre("abcdef%2"));
  EXPECT_THAT(endpoint_secrets("https://h.example/?k=abcdef%zz"), ElementsAre("abcdef%zz"));
}

}  // namespace
}  // namespace opi::delivery
