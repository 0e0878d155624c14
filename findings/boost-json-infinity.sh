#!/usr/bin/env bash
# Boost.JSON 1.81.0 (Debian 12, 1.81.0-5+deb12u1) parses the valid JSON number 1e400 without an error as infinity, and
# serialize() writes that as the bare word Infinity: valid JSON in, text out that no JSON parser has to take, and that its own
# parse() refuses. A value that was parsed and stored again cannot be read a second time. (RFC 8259, 6: a grammar, no range.)
#
# Guess before trying: 1e99999, as later releases document for infinity, or an error from parse(). Seen:
#   1e308  -> 1E308      read again: yes
#   1e400  -> Infinity   read again: no
#   -1e400 -> -Infinity  read again: no
set -euo pipefail
version=1.81.0-5+deb12u1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

apt-get download -qq "libboost1.81-dev=$version" 2>/dev/null
dpkg -x libboost1.81-dev_*.deb root

cat > numbers.cpp <<'CPP'
#include <boost/json/src.hpp>
#include <iostream>

int main() {
  for (const char* number : {"1e308", "1e400", "-1e400"}) {
    boost::system::error_code error;
    const auto value = boost::json::parse(number, error);
    if (error) {
      std::cout << number << " -> error: " << error.message() << "\n";
      continue;
    }
    const auto text = boost::json::serialize(value);
    boost::json::parse(text, error);
    std::cout << number << " -> " << text << " read again: " << (error ? "no" : "yes") << "\n";
  }
}
CPP
g++ -std=c++17 -Iroot/usr/include numbers.cpp -o numbers
echo "Boost $version"
./numbers | tee seen
diff seen - <<'TXT' || { echo "changed" >&2; exit 1; }
1e308 -> 1E308 read again: yes
1e400 -> Infinity read again: no
-1e400 -> -Infinity read again: no
TXT
