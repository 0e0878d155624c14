#!/usr/bin/env bash
# POCO 1.11.0 (Debian 12, 1.11.0-3+deb12u1) reads eight hex digits of a chunk's size and no more. A size may have leading
# zeros (RFC 9112, 7.1: 1*HEXDIG), and some senders pad it to a fixed width: written with nine digits or more, of which the
# first eight are zeros, it is taken for the last chunk. The body is empty then, and nothing tells: no exception, no badbit, no
# networkException(), an ordinary end of the stream. curl and Node read the same five bytes.
#
# Guess before trying: leading zeros are skipped, as by every strtol. Seen:
#   digits=8   poco="hello"  curl="hello"
#   digits=9   poco=""       curl="hello"
#   digits=16  poco=""       curl="hello"
set -euo pipefail
version=1.11.0-3+deb12u1
folder=$(mktemp -d)
trap 'kill "${server:-}" 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"

apt-get download -qq "libpoco-dev=$version" "libpocofoundation80=$version" "libpoconet80=$version" 2>/dev/null
for package in *.deb; do dpkg -x "$package" root; done
libraries=$(dirname "$(find root -name 'libPocoNet.so.*' | head -1)")

cat > read.cpp <<'CPP'
#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>

#include <cstdlib>
#include <iostream>
#include <iterator>

int main(int, char** arguments) {
  Poco::Net::HTTPClientSession session("127.0.0.1", static_cast<Poco::UInt16>(std::atoi(arguments[1])));
  Poco::Net::HTTPRequest request("GET", arguments[2], "HTTP/1.1");
  session.sendRequest(request);
  Poco::Net::HTTPResponse response;
  std::istream& stream = session.receiveResponse(response);
  const std::string body(std::istreambuf_iterator<char>(stream), {});
  std::cout << body << (stream.bad() || session.networkException() ? " and an error" : "");
}
CPP
g++ -std=c++17 -Iroot/usr/include read.cpp -o read -L"$libraries" -l:libPocoNet.so.80 -l:libPocoFoundation.so.80 \
  -Wl,-rpath-link,"$libraries"

cat > serve.py <<'PY'
import socket

listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen()
print(listener.getsockname()[1], flush=True)
while True:
    connection, _ = listener.accept()
    head = b""
    while b"\r\n\r\n" not in head:
        head += connection.recv(4096)
    digits = int(head.split()[1].lstrip(b"/"))
    size = b"5".rjust(digits, b"0")
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + size + b"\r\nhello\r\n0\r\n\r\n")
    connection.close()
PY
python3 serve.py > port &
server=$!
until [ -s port ]; do sleep 0.1; done
port=$(cat port)

echo "POCO $version"
for digits in 1 8 9 16; do
  poco=$(LD_LIBRARY_PATH=$libraries ./read "$port" "/$digits")
  curl=$(curl -s "http://127.0.0.1:$port/$digits")
  printf 'digits=%-3s poco=%-9s curl="%s"\n' "$digits" "\"$poco\"" "$curl"
  expected=hello
  [ "$digits" -le 8 ] || expected=
  [ "$poco" = "$expected" ] && [ "$curl" = hello ] || { echo "changed: poco was expected to read \"$expected\"" >&2; exit 1; }
done
