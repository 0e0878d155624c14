#pragma once
#include <opi/plugin.hpp>
#include <optional>

#include "config.hpp"
#include "thread.hpp"

namespace opi::slack {

// Messages of an app, by the Web API's chat.postMessage. What follows about a subject replies to its first message;
// that message's name is the delivery's external reference. Immutable.
//
// Most deliveries are one request. Another follows if the thread takes no replies (carry "unthreaded": the message is
// posted anew), and if an ending is to be marked at the first message (carry "mark").
class PostMessage {
 public:
  // Throws sdk::Failure if the endpoint is not that method.
  PostMessage(Config config, std::string_view endpoint);

  void render(const sdk::Delivery& delivery, sdk::RequestBuilder& request) const;
  [[nodiscard]] sdk::Verdict interpret(const sdk::Delivery& delivery, const sdk::Response& response) const;

 private:
  [[nodiscard]] std::optional<Thread> thread_of(const sdk::Delivery& delivery) const;
  [[nodiscard]] sdk::Verdict posted(const sdk::Delivery& delivery, const sdk::Response& response) const;

  Config config_;
};

}  // namespace opi::slack
