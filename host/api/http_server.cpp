#include "api/http_server.hpp"

#include <Poco/Exception.h>
#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerParams.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/ThreadPool.h>
#include <Poco/URI.h>

#include "api/problem.hpp"
#include "api/request_handler.hpp"

namespace opi::api {
namespace {

namespace net = Poco::Net;

struct Shared {
  RouteTable routes;
  identity::TokenVerifier& tokens;
  telemetry::Logger& logger;
  HttpServer::Options options;
};

std::string read_body(net::HTTPServerRequest& request, std::size_t limit) {
  const auto refuse = [&] {
    return ProblemError(too_large("The body may have at most " + std::to_string(limit) + " bytes"));
  };
  // Poco knows the chunked coding alone, and reads a request without any length until the client hangs up.
  const bool chunked = request.getChunkedTransferEncoding();
  if (request.has("Transfer-Encoding") && !chunked)
    throw ProblemError(bad_request("The only transfer coding that is understood is chunked"));
  const auto announced = request.getContentLength64();
  if (!chunked && announced < 0) return {};
  if (announced != net::HTTPMessage::UNKNOWN_CONTENT_LENGTH && announced > static_cast<Poco::Int64>(limit))
    throw refuse();
  std::string body;
  if (announced > 0) body.reserve(static_cast<std::size_t>(announced));
  std::istream& stream = request.stream();
  char block[16 * 1024];
  while (stream.read(block, sizeof block) || stream.gcount() > 0) {
    body.append(block, static_cast<std::size_t>(stream.gcount()));
    if (body.size() > limit) throw refuse();
  }
  const bool whole = chunked ? !stream.bad() : body.size() == static_cast<std::size_t>(announced);
  if (!whole) throw ProblemError(bad_request("The body ended early"));
  return body;
}

// Throws ProblemError if the target cannot be decoded.
RequestHead head_of(net::HTTPServerRequest& request) {
  RequestHead head;
  head.method = request.getMethod();
  try {
    const Poco::URI uri(request.getURI());
    head.path = uri.getPath();
    for (const auto& [name, value] : uri.getQueryParameters()) head.query[name] = value;
  } catch (const Poco::Exception&) {
    throw ProblemError(bad_request("The request target is not a valid URI"));
  }
  head.content_type = request.getContentType();
  head.authorization = request.get("Authorization", "");
  head.tenant_header = request.get("X-Tenant-Id", "");
  head.if_match = request.get("If-Match", "");
  return head;
}

class Handler final : public net::HTTPRequestHandler {
 public:
  explicit Handler(Shared& shared) : shared_(shared) {}

  void handleRequest(net::HTTPServerRequest& request, net::HTTPServerResponse& response) override {
    bool body_read = false;
    Response reply;
    try {
      const RequestHead head = head_of(request);
      reply = answer(shared_.routes, shared_.tokens, shared_.logger, shared_.options.retry_after_seconds, head, [&] {
        auto body = read_body(request, shared_.options.body_bytes);
        body_read = true;
        return body;
      });
    } catch (const ProblemError& error) {
      reply = to_response(error.problem());
    }
    response.setStatusAndReason(static_cast<net::HTTPResponse::HTTPStatus>(reply.status));
    response.setContentType(reply.content_type);
    response.set("Cache-Control", "no-store");
    response.set("X-Content-Type-Options", "nosniff");
    for (const auto& [name, value] : reply.headers) response.set(name, value);
    // An unread body would be taken for the next request.
    const bool has_body = request.getContentLength64() > 0 || request.has("Transfer-Encoding");
    if (has_body && !body_read) response.setKeepAlive(false);
    response.sendBuffer(reply.body.data(), reply.body.size());
  }

 private:
  Shared& shared_;
};

class HandlerFactory final : public net::HTTPRequestHandlerFactory {
 public:
  explicit HandlerFactory(Shared& shared) : shared_(shared) {}
  net::HTTPRequestHandler* createRequestHandler(const net::HTTPServerRequest&) override { return new Handler(shared_); }

 private:
  Shared& shared_;
};

net::ServerSocket bind(const HttpServer::Options& options) {
  try {
    net::ServerSocket socket;
    // Not the port: two daemons would share it and each would answer half of the requests.
    socket.bind(net::SocketAddress(options.address, options.port), true, false);
    socket.listen(512);
    return socket;
  } catch (const Poco::Exception& failure) {
    throw std::runtime_error("cannot listen on " + options.address + ":" + std::to_string(options.port) + ": " +
                             failure.displayText());
  }
}

Poco::Timespan timespan(std::chrono::milliseconds duration) { return Poco::Timespan(duration.count() * 1000); }

net::HTTPServerParams::Ptr parameters(const HttpServer::Options& options) {
  net::HTTPServerParams::Ptr params = new net::HTTPServerParams;
  params->setMaxThreads(options.threads);
  params->setMaxQueued(options.queued_connections);
  params->setTimeout(timespan(options.timeout));
  params->setKeepAlive(true);
  params->setKeepAliveTimeout(timespan(options.keep_alive));
  params->setMaxKeepAliveRequests(0);
  params->setSoftwareVersion("integrationsd");
  return params;
}

}  // namespace

struct HttpServer::Implementation {
  Implementation(Shared shared_state, const Options& options)
      : shared(std::move(shared_state)),
        pool("api", 2, options.threads + 1),
        socket(bind(options)),
        server(new HandlerFactory(shared), pool, socket, parameters(options)) {}
  Shared shared;
  Poco::ThreadPool pool;
  net::ServerSocket socket;
  net::HTTPServer server;
};

HttpServer::HttpServer(RouteTable routes, identity::TokenVerifier& tokens, telemetry::Logger& logger,
                       const Options& options)
    : implementation_(std::make_unique<Implementation>(Shared{std::move(routes), tokens, logger, options}, options)) {}

HttpServer::~HttpServer() { stop(); }

void HttpServer::start() { implementation_->server.start(); }

void HttpServer::stop() { implementation_->server.stopAll(false); }

std::uint16_t HttpServer::port() const { return implementation_->socket.address().port(); }

}  // namespace opi::api
