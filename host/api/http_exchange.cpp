#include "api/http_exchange.hpp"

#include <Poco/AutoPtr.h>
#include <Poco/Buffer.h>
#include <Poco/Exception.h>
#include <Poco/Net/HTTPServerRequestImpl.h>
#include <Poco/Net/HTTPServerResponseImpl.h>
#include <Poco/Net/HTTPServerSession.h>
#include <Poco/Net/StreamSocket.h>
#include <Poco/Timestamp.h>
#include <Poco/URI.h>
#include <sys/socket.h>

#include <optional>
#include <sstream>
#include <type_traits>

#include "api/preread_socket.hpp"
#include "api/problem.hpp"
#include "api/request_head_rules.hpp"
#include "domain/redaction.hpp"

namespace opi::api {
namespace {

namespace net = Poco::Net;

// Answers without a body, and so without its type.
constexpr bool has_body(int status) { return status != 204 && status != 304; }

Poco::Timespan timespan(std::chrono::milliseconds duration) { return Poco::Timespan(duration.count() * 1000); }

net::HTTPServerParams::Ptr make_parameters(const HttpExchange::Options& options) {
  net::HTTPServerParams::Ptr parameters = new net::HTTPServerParams;
  parameters->setTimeout(timespan(options.io_timeout));
  parameters->setKeepAlive(true);
  parameters->setMaxKeepAliveRequests(0);  // any number
  return parameters;
}

void set_header(net::HTTPResponse& response, const Response& reply) {
  response.setStatusAndReason(static_cast<net::HTTPResponse::HTTPStatus>(reply.status));
  if (has_body(reply.status)) response.setContentType(reply.content_type);
  response.setDate(Poco::Timestamp());
  response.set("Server", "integrationsd");
  response.set("Cache-Control", "no-store");
  response.set("X-Content-Type-Options", "nosniff");
  for (const auto& [name, value] : reply.headers) response.set(name, value);
}

Problem body_timeout(std::chrono::milliseconds timeout) {
  Problem problem;
  problem.status = 408;
  problem.code = "request-timeout";
  problem.title = "The request did not arrive in time";
  problem.detail = "The body did not arrive within " + std::to_string(timeout.count()) + " ms";
  return problem;
}

Problem length_required() {
  Problem problem;
  problem.status = 411;
  problem.code = "length-required";
  problem.title = "The length of the body is required";
  problem.detail = "Send the body at once, with Content-Length";
  return problem;
}

Problem body_too_large(std::size_t limit) {
  return too_large("The body may have at most " + std::to_string(limit) + " bytes");
}

// Throws ProblemError if the target cannot be decoded.
RequestHead head_of(const net::HTTPServerRequest& request, const std::string& address) {
  RequestHead head;
  head.method = request.getMethod();
  try {
    const Poco::URI uri(request.getURI());
    head.path = uri.getPath();
    for (const auto& [name, value] : uri.getQueryParameters())
      // Of two values one would count, and the sender may have meant the other.
      if (!head.query.emplace(name, value).second)
        throw ProblemError(bad_request("A query parameter is not valid", {{redact(name, 64), "stands there twice"}}));
  } catch (const Poco::Exception&) {
    throw ProblemError(bad_request("The request target is not a valid URI"));
  }
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

// The right to read a body that was not collected with its head.
class LargeBody {
 public:
  // Throws ProblemError if `most` are being read.
  LargeBody(std::atomic<int>& count, int most) : count_(count) {
    if (count_.fetch_add(1) < most) return;
    --count_;
    throw ProblemError(unavailable("Too many large bodies are on their way at once; nothing was read", 1));
  }
  ~LargeBody() { --count_; }
  LargeBody(const LargeBody&) = delete;
  LargeBody& operator=(const LargeBody&) = delete;

 private:
  std::atomic<int>& count_;
};

// One request and its response over POCO.
class Conversation {
 public:
  Conversation(int socket, net::HTTPServerSession& session, net::HTTPServerParams& parameters, DeadlineWatch& watch,
               const HttpExchange::Options& options, std::atomic<int>& large_bodies)
      : socket_(socket),
        large_bodies_(large_bodies),
        watch_(watch),
        options_(options),
        response_(session),
        request_(response_, session, &parameters) {}

  // Answers; true if the connection can go on.
  bool run(const RequestHandler& handler, const std::string& address) {
    Response reply;
    response_.setVersion(request_.getVersion());
    try {
      reply = handler.answer(head_of(request_, address), [this](std::size_t limit) {
        return read_body(limit == 0 ? options_.body_bytes : std::min(limit, options_.body_bytes));
      });
    } catch (const ProblemError& error) {
      reply = to_response(error.problem());
    }
    // An unread body would be taken for the next request.
    const bool body_comes = request_.getContentLength64() > 0 || request_.getChunkedTransferEncoding();
    const bool keep_alive = request_.getKeepAlive() && (!body_comes || body_read_);
    send(reply, keep_alive);
    return keep_alive;
  }

 private:
  std::string read_body(std::size_t limit) {
    const bool chunked = request_.getChunkedTransferEncoding();
    const auto announced = request_.getContentLength64();
    if (!chunked && announced <= 0) return {};
    if (!chunked && announced > static_cast<Poco::Int64>(limit)) throw ProblemError(body_too_large(limit));
    // Whoever asks for a small body asks for one that is here already: a stranger must not keep the thread waiting.
    if (limit <= ConnectionGate::collected_body_bytes && (chunked || request_.getExpectContinue()))
      throw ProblemError(length_required());
    std::optional<LargeBody> large;
    if (chunked || request_.getExpectContinue() ||
        announced > static_cast<Poco::Int64>(ConnectionGate::collected_body_bytes))
      large.emplace(large_bodies_, options_.large_bodies);
    if (request_.getExpectContinue()) response_.sendContinue();
    const DeadlineWatch::Guard deadline(watch_, socket_, SHUT_RD, options_.body_timeout);
    std::string body;
    if (!chunked) body.reserve(static_cast<std::size_t>(announced));
    std::istream& stream = request_.stream();
    char block[16 * 1024];
    while (stream.read(block, sizeof block) || stream.gcount() > 0) {
      body.append(block, static_cast<std::size_t>(stream.gcount()));
      if (deadline.passed()) break;
      if (body.size() > limit) throw ProblemError(body_too_large(limit));
    }
    if (deadline.passed()) throw ProblemError(body_timeout(options_.body_timeout));
    const bool whole = chunked ? !stream.bad() : body.size() == static_cast<std::size_t>(announced);
    if (!whole) throw ProblemError(bad_request("The body ended early"));
    body_read_ = true;
    return body;
  }

  void send(const Response& reply, bool keep_alive) {
    const DeadlineWatch::Guard deadline(watch_, socket_, SHUT_RDWR, options_.body_timeout);
    response_.setKeepAlive(keep_alive);
    set_header(response_, reply);
    if (has_body(reply.status))
      response_.sendBuffer(reply.body.data(), reply.body.size());
    else
      response_.send().flush();
  }

  const int socket_;
  std::atomic<int>& large_bodies_;
  DeadlineWatch& watch_;
  const HttpExchange::Options& options_;
  net::HTTPServerResponseImpl response_;
  net::HTTPServerRequestImpl request_;
  bool body_read_ = false;
};

// Takes the descriptor from POCO again, however a request ended: the gate owns it.
struct Release {
  PrereadSocket& socket;
  ~Release() { socket.give_back(); }
};
static_assert(std::is_same_v<decltype(&PrereadSocket::release), decltype(&Poco::RefCountedObject::release)>,
              "Poco::AutoPtr lets go by it");

void send_bytes(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

}  // namespace

std::string closing_response(const Response& reply) {
  net::HTTPResponse response(net::HTTPMessage::HTTP_1_1, net::HTTPResponse::HTTP_OK);
  set_header(response, reply);
  response.setKeepAlive(false);
  response.setContentLength64(static_cast<Poco::Int64>(reply.body.size()));
  std::ostringstream text;
  response.write(text);
  text << reply.body;
  return text.str();
}

HttpExchange::HttpExchange(const RequestHandler& handler, DeadlineWatch& watch, const Options& options)
    : handler_(handler), watch_(watch), options_(options), parameters_(make_parameters(options)) {}

HttpExchange::Served HttpExchange::serve(const ConnectionGate::Ready& ready) const {
  if (const auto problem = judge_head(std::string_view(ready.bytes).substr(0, ready.head_bytes))) {
    send_bytes(ready.socket, closing_response(to_response(*problem)));
    return {};
  }
  Poco::AutoPtr<PrereadSocket> socket(new PrereadSocket(ready.socket, ready.bytes));
  const Release release{*socket};
  net::HTTPServerParams::Ptr parameters = parameters_;
  try {
    net::HTTPServerSession session(net::StreamSocket(socket.duplicate()), parameters);
    if (!session.hasMoreRequests()) return {};  // counts the request, and lets POCO keep the connection
    Served served;
    {
      Conversation conversation(ready.socket, session, *parameters, watch_, options_, large_bodies_);
      served.keep_alive = conversation.run(handler_, ready.address);
    }
    Poco::Buffer<char> buffered(0);
    session.drainBuffer(buffered);
    served.unread.assign(buffered.begin(), buffered.size());
    served.unread += socket->unread();
    return served;
  } catch (const Poco::Exception&) {
    return {};  // the client went away, or POCO makes another sense of the head than the rules
  } catch (const std::exception&) {
    return {};
  }
}

}  // namespace opi::api
