#include "api/http_exchange.hpp"

#include <Poco/Exception.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Timestamp.h>

#include <sstream>

#include "api/problem.hpp"
#include "api/request_target.hpp"

namespace opi::api {
namespace {

namespace net = Poco::Net;

// Answers without a body, and so without its type and length.
constexpr bool has_body(int status) { return status != 204 && status != 304; }

bool is_head(const std::string& head) { return head.starts_with("HEAD "); }

std::string written(const Response& reply, bool is_1_1, bool keep_alive, bool with_body) {
  net::HTTPResponse response(is_1_1 ? net::HTTPMessage::HTTP_1_1 : net::HTTPMessage::HTTP_1_0,
                             net::HTTPResponse::HTTP_OK);
  response.setStatusAndReason(static_cast<net::HTTPResponse::HTTPStatus>(reply.status));
  if (has_body(reply.status)) {
    response.setContentType(reply.content_type);
    response.setContentLength64(static_cast<Poco::Int64>(reply.body.size()));
  }
  response.setDate(Poco::Timestamp());
  response.setKeepAlive(keep_alive);
  response.set("Server", "integrationsd");
  response.set("Cache-Control", "no-store");
  response.set("X-Content-Type-Options", "nosniff");
  for (const auto& [name, value] : reply.headers) response.set(name, value);
  std::ostringstream head;
  head.exceptions(std::ios::badbit);  // without memory it would keep quiet about half a head
  response.write(head);
  auto bytes = std::move(head).str();
  if (with_body && has_body(reply.status)) bytes += reply.body;
  return bytes;
}

// Throws ProblemError.
RequestHead read_head(const std::string& bytes, const std::string& address) {
  net::HTTPRequest request;
  try {
    std::istringstream stream(bytes);
    request.read(stream);
  } catch (const Poco::Exception&) {
    throw ProblemError(bad_request("The head cannot be read"));  // POCO makes another sense of it than the rules
  }
  auto target = read_target(request.getURI());
  RequestHead head;
  head.method = request.getMethod();
  head.path = std::move(target.path);
  head.query = std::move(target.query);
  head.content_type = request.getContentType();
  head.authorization = request.get("Authorization", "");
  head.cookie = request.get("Cookie", "");
  head.csrf_token = request.get("X-CSRF-Token", "");
  head.tenant_header = request.get("X-Tenant-Id", "");
  head.if_match = request.get("If-Match", "");
  head.if_none_match = request.get("If-None-Match", "");
  head.accept_encoding = request.get("Accept-Encoding", "");
  head.address = address;
  return head;
}

std::variant<Admission, Response> admitted(const Inbound& inbound, const RequestHandler& handler) {
  try {
    return handler.admit(read_head(inbound.head, inbound.address));
  } catch (const ProblemError& error) {
    return to_response(error.problem());
  }
}

}  // namespace

std::variant<Reply, Continue> HttpExchange::serve(Inbound inbound) const {
  const auto& framing = inbound.framing;
  // An unread body would be taken for the next request, and one that nobody wanted may have been meant as such.
  const auto reply = [&](const Response& response, bool body_used) {
    const bool keep_alive = framing.keep_alive && (body_used || (framing.length == 0 && !framing.chunked));
    return Reply{written(response, framing.is_1_1, keep_alive, !is_head(inbound.head)), keep_alive};
  };
  if (!inbound.admission) {
    auto judged = admitted(inbound, handler_);
    if (const auto* refusal = std::get_if<Response>(&judged)) return reply(*refusal, false);
    auto& admission = std::get<Admission>(judged);
    const auto own = admission.body_bytes;
    const auto limit = own == 0 ? options_.body_bytes : std::min(own, options_.body_bytes);
    if (const auto problem = judge_body(framing, limit)) return reply(to_response(*problem), false);
    if (!inbound.body) return Continue{std::move(admission), limit};
    inbound.admission = std::move(admission);
  }
  return reply(handler_.answer(*std::move(inbound.admission), *std::move(inbound.body)), true);
}

std::string closing_response(const Response& response) { return written(response, true, false, true); }

}  // namespace opi::api
