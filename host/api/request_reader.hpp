#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "api/chunked_body.hpp"
#include "api/request_head_rules.hpp"

namespace opi::api {

// Finds one request after the other in what a connection sends, however it is cut. A request that is not known to be
// welcome costs a head and a small body; anything larger waits for admit(). Knows no socket.
class RequestReader {
 public:
  enum class Stage {
    head,       // not yet whole
    collected,  // the rest of a small body is to come
    decision,   // the body comes if somebody wants it: admit()
    body,       // is being read
    whole,      // until next()
  };

  // Goes on with `bytes` as far as that is possible. Answers what is wrong with the request; then this is of no more
  // use.
  std::optional<Problem> feed(std::string_view bytes);
  // In the stage decision: reads a body of at most `limit` bytes, which judge_body() lets come.
  std::optional<Problem> admit(std::size_t limit);
  // What is wrong if the client sends no more; nullopt if it may end here.
  [[nodiscard]] std::optional<Problem> ended() const;
  // Forgets the request and goes on with what came after it.
  std::optional<Problem> next();
  // Gives its memory back; it is of no more use.
  void release();
  // Of memory that it keeps, in bytes.
  [[nodiscard]] std::size_t capacity() const { return input_.capacity() + head_.capacity() + body_.capacity(); }

  [[nodiscard]] Stage stage() const { return stage_; }
  [[nodiscard]] bool begun() const { return stage_ != Stage::head || at_ < input_.size(); }
  [[nodiscard]] const std::string& head() const { return head_; }
  [[nodiscard]] const Framing& framing() const { return framing_; }
  std::string take_body() { return std::move(body_); }
  // Of an admitted body, what is here.
  [[nodiscard]] std::size_t admitted_bytes() const { return admitted_ ? body_.size() : 0; }

 private:
  std::optional<Problem> proceed();
  std::optional<Problem> look_for_head();
  std::optional<Problem> read_body();
  [[nodiscard]] std::string_view rest() const { return std::string_view(input_).substr(at_); }

  std::string input_;  // not yet used from at_ on
  std::size_t at_ = 0, looked_at_ = 0, empty_lines_ = 0;
  Stage stage_ = Stage::head;
  std::string head_, body_;
  Framing framing_;
  bool admitted_ = false;
  ChunkedBody chunks_;
  std::size_t limit_ = 0;
};

}  // namespace opi::api
