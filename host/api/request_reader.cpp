#include "api/request_reader.hpp"

#include <algorithm>

namespace opi::api {

std::optional<Problem> RequestReader::feed(std::string_view bytes) {
  input_.erase(0, at_);
  at_ = 0;
  input_ += bytes;
  return proceed();
}

std::optional<Problem> RequestReader::proceed() {
  if (stage_ == Stage::head)
    if (auto problem = look_for_head()) return problem;
  return stage_ == Stage::collected || stage_ == Stage::body ? read_body() : std::nullopt;
}

std::optional<Problem> RequestReader::look_for_head() {
  constexpr std::string_view empty_line = "\r\n";
  while (looked_at_ == 0 && rest().starts_with(empty_line)) {
    if (++empty_lines_ > HeadLimits::empty_lines)
      return bad_request("More than " + std::to_string(HeadLimits::empty_lines) +
                         " empty lines stand before a request");
    at_ += empty_line.size();
  }
  const auto begun = rest();
  const auto end = end_of_head(begun, looked_at_);
  // A lone CR may be the first half of an empty line.
  looked_at_ = begun == "\r" ? 0 : begun.size();
  if (end.value_or(begun.size()) > HeadLimits::bytes)
    return head_too_large("The head may have at most " + std::to_string(HeadLimits::bytes) + " bytes");
  if (!end) return std::nullopt;
  head_.assign(begun.substr(0, *end));
  at_ += *end;
  auto judged = judge_head(head_);
  if (auto* problem = std::get_if<Problem>(&judged)) return std::move(*problem);
  framing_ = std::get<Framing>(judged);
  stage_ = framing_.is_collected() ? Stage::collected : Stage::decision;
  return std::nullopt;
}

std::optional<Problem> RequestReader::admit(std::size_t limit) {
  admitted_ = true;
  stage_ = Stage::body;
  limit_ = limit;
  chunks_ = ChunkedBody(limit);
  return proceed();
}

std::optional<Problem> RequestReader::read_body() {
  auto bytes = rest();
  if (!framing_.chunked) {
    const auto wanted = std::min<std::uint64_t>(framing_.length - body_.size(), bytes.size());
    body_.append(bytes.substr(0, static_cast<std::size_t>(wanted)));
    at_ += static_cast<std::size_t>(wanted);
    if (body_.size() == framing_.length) stage_ = Stage::whole;
    return std::nullopt;
  }
  const auto state = chunks_.take(bytes, body_);
  at_ = input_.size() - bytes.size();
  switch (state) {
    case ChunkedBody::State::more: break;
    case ChunkedBody::State::whole: stage_ = Stage::whole; break;
    case ChunkedBody::State::too_large: return body_too_large(limit_);
    case ChunkedBody::State::malformed: return bad_request("The chunks of the body are malformed");
  }
  return std::nullopt;
}

std::optional<Problem> RequestReader::ended() const {
  if (stage_ == Stage::collected || stage_ == Stage::body) return bad_request("The body ended early");
  return std::nullopt;
}

// Whoever is idle keeps no memory. An assignment would keep the capacity.
std::optional<Problem> RequestReader::next() {
  stage_ = Stage::head;
  std::string().swap(head_);
  std::string().swap(body_);
  if (at_ == input_.size()) std::string().swap(input_), at_ = 0;
  admitted_ = false;
  looked_at_ = empty_lines_ = 0;
  return proceed();
}

void RequestReader::release() {
  for (auto* text : {&input_, &head_, &body_}) std::string().swap(*text);
  at_ = 0;
}

}  // namespace opi::api
