#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace opi::delivery {

// The parts of an endpoint's URL that are as good as a password to many receivers, as they stand and percent-decoded.
// To be blanked out of what receivers and plugins say, which honest answers must survive, so what names a place is
// none:
//  - of the path, segments of 12 characters or more that look random, and a UUID at its end; before it, a UUID is the
//  id of
//    an account, which stands in every link below it;
//  - of the query, values of 6 or more whose name is that of a secret, and others of 8 or more that look random.
// Random looks what has a run of letters and digits in which a digit is followed by a letter, so neither "webhook-v2",
// "incident2024" nor "2016-06-01"; and from 24 characters on, what has no sign between words or both cases. Words and
// numbers that people have chosen are not recognised as passwords. Pure.
std::vector<std::string> endpoint_secrets(std::string_view url);

}  // namespace opi::delivery
