#include "answer_reader.hpp"

#include <Poco/Exception.h>

#include <algorithm>
#include <charconv>
#include <opi/plugin.hpp>
#include <sstream>
#include <string_view>

namespace opi::kubernetes {
namespace {

using Poco::Net::HTTPMessage;
using Poco::Net::HTTPResponse;
using sdk::Failure;

constexpr int most_interim_answers = 8;

[[noreturn]] void malformed(const std::string& why) {
  throw Failure(OPI_E_FAILED, "the API server's answer is no HTTP/1.1 that can be read (" + why + ")");
}

[[noreturn]] void too_large() {
  throw Failure(OPI_E_TOO_LARGE,
                "the API server's answer is larger than " + std::to_string(AnswerReader::most_body_bytes) + " bytes");
}

std::uint64_t number(std::string_view digits, int base) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (digits.empty() || digits.front() == '-' || error != std::errc{} || end != digits.data() + digits.size())
    malformed("a length is not a number");
  return value;
}

std::size_t count(const HTTPResponse& head, const std::string& name) {
  return static_cast<std::size_t>(
      std::count_if(head.begin(), head.end(), [&](const auto& one) { return Poco::icompare(one.first, name) == 0; }));
}

bool has_body(int status) { return status != 204 && status != 304; }

}  // namespace

AnswerReader::AnswerReader(TlsConnection& connection, Deadline deadline)
    : connection_(connection), deadline_(deadline), raw_(most_head_bytes) {}

Answer AnswerReader::read() {
  HTTPResponse head;
  for (int interim = 0;; ++interim) {
    at_ += read_head(head);
    if (head.getStatus() >= 200) break;
    if (interim == most_interim_answers) malformed("it announces an answer without end");
  }
  Answer answer{head.getStatus(), head.getContentType().starts_with("application/json"), head.get("Retry-After", ""),
                head.getKeepAlive() && head.getVersion() == HTTPMessage::HTTP_1_1, PrivateBuffer(most_body_bytes)};
  if (!has_body(answer.status)) return answer;
  const auto lengths = count(head, HTTPMessage::CONTENT_LENGTH), codings = count(head, HTTPMessage::TRANSFER_ENCODING);
  if (lengths + codings != 1) malformed("the length of its body is not told once");
  if (lengths == 1)
    read_length(head.get(HTTPMessage::CONTENT_LENGTH), answer.body);
  else if (Poco::icompare(head.get(HTTPMessage::TRANSFER_ENCODING), "chunked") == 0)
    read_chunks(answer.body);
  else
    malformed("it is coded otherwise than in chunks");
  answer.keeps_alive = answer.keeps_alive && at_ == raw_.size();
  return answer;
}

// Returns how many bytes it has.
std::size_t AnswerReader::read_head(HTTPResponse& head) {
  constexpr std::string_view end = "\r\n\r\n";
  for (;;) {
    const auto text = raw_.view().substr(at_);
    const auto found = text.find(end);
    if (found == std::string_view::npos) {
      fill();
      continue;
    }
    std::istringstream in(std::string(text.substr(0, found + end.size())));
    try {
      head.clear();
      head.read(in);
    } catch (const Poco::Exception&) {
      malformed("its head");
    }
    if (head.getVersion() != HTTPMessage::HTTP_1_1 && head.getVersion() != HTTPMessage::HTTP_1_0)
      malformed("its version");
    return found + end.size();
  }
}

void AnswerReader::read_length(const std::string& length, PrivateBuffer& body) {
  const auto n = number(length, 10);
  if (n > most_body_bytes) too_large();
  take(static_cast<std::size_t>(n), body);
}

void AnswerReader::read_chunks(PrivateBuffer& body) {
  for (;;) {
    const auto size_line = line();
    const auto n = number(size_line.substr(0, size_line.find_first_of("; \t")), 16);
    if (n > body.capacity() - body.size()) too_large();
    if (n == 0) break;
    take(static_cast<std::size_t>(n), body);
    if (!line().empty()) malformed("a chunk is longer than it says");
  }
  while (!line().empty()) {
    // trailers say nothing here
  }
}

std::string_view AnswerReader::line() {
  for (;;) {
    const auto text = raw_.view().substr(at_);
    if (const auto end = text.find("\r\n"); end != std::string_view::npos) {
      at_ += end + 2;
      return text.substr(0, end);
    }
    fill();
  }
}

void AnswerReader::take(std::size_t n, PrivateBuffer& body) {
  while (n > 0) {
    if (at_ == raw_.size()) fill();
    const auto part = raw_.view().substr(at_, n);
    if (!body.append(part)) too_large();
    at_ += part.size();
    n -= part.size();
  }
}

void AnswerReader::fill() {
  raw_.drop(at_);
  at_ = 0;
  const auto room = raw_.room();
  if (room.empty()) malformed("a line of it has no end");
  raw_.added(connection_.read(room, deadline_));
}

}  // namespace opi::kubernetes
