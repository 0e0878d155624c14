#pragma once
#include <gmock/gmock.h>

#include <memory>
#include <mutex>
#include <string>

#include "api/http_server.hpp"
#include "unit/api/api_fixture.hpp"
#include "unit/api/raw_client.hpp"

namespace opi::test {

// The real server on a free port of loopback; POST /echo answers with the size of the body it got.
class WithServer : public WithApi {
 protected:
  WithServer() {
    server_options.port = 0;
    server_options.threads = 4;
    routes.add({"POST", "/echo", std::nullopt,
                [](const api::Request& request) {
                  return api::Response{200, "text/plain", std::to_string(request.body.size()), {}};
                },
                false, api::Route::Access::open, server_options.exchange.body_bytes});
    producer = token(Role::producer);
  }
  api::HttpServer& server() {
    if (!server_) {
      // Submissions are committed by whoever submits: one at a time.
      engine().on_submit = [this] {
        const std::lock_guard lock(committing_);
        engine().intake.run_once();
      };
      server_ = std::make_unique<api::HttpServer>(handler(), server_options);
      server_->start();
    }
    return *server_;
  }
  std::uint16_t port() { return server().port(); }
  std::string ask_raw(const std::string& request, const char* from = "127.0.0.1") {
    RawClient client(port(), from);
    client.send(request);
    return client.response();
  }
  std::string post_head(const std::string& fields, const std::string& path = "/echo") {
    return "POST " + path + " HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n" + fields + "\r\n";
  }
  static std::string sized(std::size_t bytes) { return "Content-Length: " + std::to_string(bytes) + "\r\n"; }
  void expect_alive(const char* from = "127.0.0.1") {
    EXPECT_THAT(ask_raw("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n", from), testing::StartsWith("HTTP/1.1 200"));
  }

  api::HttpServer::Options server_options;
  std::string producer;

 private:
  std::mutex committing_;
  std::unique_ptr<api::HttpServer> server_;
};

}  // namespace opi::test
