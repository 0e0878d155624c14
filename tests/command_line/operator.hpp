#pragma once
#include <gtest/gtest.h>

#include <boost/json/value.hpp>
#include <string>
#include <vector>

#include "system/site.hpp"

namespace opi::command_line_test {

struct Result {
  int code = -1;
  std::string out, err;
  [[nodiscard]] boost::json::value json() const;     // of standard output
  [[nodiscard]] boost::json::value problem() const;  // of standard error
};

// Somebody at a shell of the node.
class Operator {
 public:
  explicit Operator(system_test::Site& site) : site_(site) {}

  // integrationsctl with the site's configuration.
  Result run(const std::vector<std::string>& arguments, const std::string& standard_input = "");
  // The same with --json; fails the test unless it ends with 0.
  boost::json::value json(std::vector<std::string> arguments, const std::string& standard_input = "");
  // A command of the shell, with $CTL for the program and its configuration.
  Result shell(const std::string& command);

 private:
  system_test::Site& site_;
};

// One test on both stores.
class OnBothStores : public testing::TestWithParam<const char*> {
 protected:
  OnBothStores();
  static void TearDownTestSuite();

  system_test::Site site;
  Operator user{site};
};

std::string text(const boost::json::value& value, const char* member);

inline constexpr const char* the_destination = "0192f000-0000-7000-8000-000000000001";  // Site::provision()'s

}  // namespace opi::command_line_test
