#include "canary/echo_receiver.hpp"

#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerParams.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/StreamCopier.h>

#include <algorithm>

#include "canary/canary.hpp"

namespace opi::canary_test {

namespace net = Poco::Net;

class EchoReceiver::Handler final : public net::HTTPRequestHandler {
 public:
  explicit Handler(EchoReceiver& owner) : owner_(owner) {}

  void handleRequest(net::HTTPServerRequest& request, net::HTTPServerResponse& response) override {
    std::string sent;
    Poco::StreamCopier::copyToString(request.stream(), sent);
    const int number = owner_.requests_++;
    const int status = std::stoi(request.getURI().substr(1, 3));
    response.setStatus(static_cast<net::HTTPResponse::HTTPStatus>(status));
    if (request.getURI().find("/token") != std::string::npos)
      return answer_token_request(status, request.get("Authorization", "") + " " + sent, response);
    if (status < 300) {
      response.setContentLength(0);
      response.send();
      return;
    }
    const auto items = echoes(request, status, number);
    std::string body = "we got";
    for (const auto& item : items) body += " " + item;
    for (std::size_t i = 0; i < std::min<std::size_t>(items.size(), 24); ++i)
      response.set("X-Got-" + std::to_string(i), items[i]);
    response.setContentLength64(static_cast<Poco::Int64>(body.size()));
    response.send() << body;
  }

 private:
  void answer_token_request(int status, const std::string& sent, net::HTTPServerResponse& response) const {
    const std::string body =
        status == 200 ? R"({"token_type":"Bearer","expires_in":3600,"access_token":")" + owner_.access_token_ + "\"}"
                      : R"({"error":"invalid_client","error_description":"we got )" + sent + "\"}";
    response.setContentLength64(static_cast<Poco::Int64>(body.size()));
    response.send() << body;
  }
  [[nodiscard]] std::vector<std::string> echoes(const net::HTTPServerRequest& request, int status, int number) const {
    std::vector<std::string> items{request.getURI(), "http://" + owner_.origin() + request.getURI()};
    for (const char* name : {"Authorization", "webhook-signature"})
      if (request.has(name)) items.push_back(request.get(name));
    for (const auto& value : owner_.known_.at(status))
      for (auto& form : forms_of(value)) items.push_back(std::move(form));
    std::ranges::rotate(items, items.begin() + number % static_cast<int>(items.size()));
    return items;
  }

  EchoReceiver& owner_;
};

class EchoReceiver::Factory final : public net::HTTPRequestHandlerFactory {
 public:
  explicit Factory(EchoReceiver& owner) : owner_(owner) {}
  net::HTTPRequestHandler* createRequestHandler(const net::HTTPServerRequest&) override { return new Handler(owner_); }

 private:
  EchoReceiver& owner_;
};

EchoReceiver::EchoReceiver(Known known, std::string access_token)
    : known_(std::move(known)), access_token_(std::move(access_token)) {
  auto* const parameters = new net::HTTPServerParams;  // the server shares it
  parameters->setKeepAlive(false);
  server_ = std::make_unique<net::HTTPServer>(Poco::makeShared<Factory>(*this),
                                              net::ServerSocket(net::SocketAddress("127.0.0.1", 0)), parameters);
  server_->start();
}

EchoReceiver::~EchoReceiver() { server_->stopAll(true); }

std::string EchoReceiver::origin() const { return "127.0.0.1:" + std::to_string(server_->port()); }

}  // namespace opi::canary_test
