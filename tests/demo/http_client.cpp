#include "http_client.hpp"

#include <Poco/Exception.h>
#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/StreamCopier.h>

#include <stdexcept>

namespace opi::demo {
namespace {

namespace net = Poco::Net;

constexpr int timeout_seconds = 10;

HttpReply exchange(std::uint16_t port, net::HTTPRequest& request, const std::string& token, const std::string& body) {
  try {
    net::HTTPClientSession session("127.0.0.1", port);
    session.setTimeout(Poco::Timespan(timeout_seconds, 0));
    session.setKeepAlive(false);
    if (!token.empty()) request.set("Authorization", "Bearer " + token);
    if (request.getMethod() == net::HTTPRequest::HTTP_POST)
      request.setContentLength64(static_cast<Poco::Int64>(body.size()));
    session.sendRequest(request) << body;
    net::HTTPResponse response;
    HttpReply reply;
    Poco::StreamCopier::copyToString(session.receiveResponse(response), reply.body);
    reply.status = response.getStatus();
    return reply;
  } catch (const Poco::Exception& failure) {
    throw std::runtime_error(request.getMethod() + " http://127.0.0.1:" + std::to_string(port) + request.getURI() +
                             ": " + failure.displayText());
  }
}

}  // namespace

HttpReply HttpClient::get(const std::string& path, const std::string& token) const {
  net::HTTPRequest request(net::HTTPRequest::HTTP_GET, path, net::HTTPMessage::HTTP_1_1);
  return exchange(port_, request, token, {});
}

HttpReply HttpClient::post(const std::string& path, const std::string& token, const std::string& content_type,
                           const std::string& body) const {
  net::HTTPRequest request(net::HTTPRequest::HTTP_POST, path, net::HTTPMessage::HTTP_1_1);
  request.setContentType(content_type);
  return exchange(port_, request, token, body);
}

}  // namespace opi::demo
