#include <gmock/gmock.h>

#include "egress/outbound.hpp"
#include "egress/raw_server.hpp"

namespace opi::egress {
namespace {

using test::Peer;
using test::post;
using test::RawServer;
using namespace std::chrono_literals;
using testing::HasSubstr;

class HttpExchange : public test::Outbound {
 protected:
  // The response to these bytes, after which the server keeps the connection open.
  delivery::HttpResponse answer_with(std::string bytes, std::chrono::milliseconds timeout = 15s) {
    RawServer server([&](Peer& peer) {
      peer.read_request();
      peer.write(bytes);
      peer.wait_for_close();
    });
    return send(post(server.url(), "{}", timeout));
  }
  // The same, and then the server closes.
  delivery::HttpResponse answer_and_close(std::string bytes) {
    RawServer server([&](Peer& peer) {
      peer.read_request();
      peer.write(bytes);
    });
    return send(post(server.url()));
  }
};

TEST_F(HttpExchange, CarriesRequestAndResponseInFull) {
  std::promise<std::string> seen;
  RawServer server([&](Peer& peer) {
    seen.set_value(peer.read_request());
    peer.write("HTTP/1.1 202 Accepted\r\nX-Ref: T-1\r\nContent-Length: 5\r\n\r\nhello");
    peer.wait_for_close();
  });
  auto request = post(server.url("/in?a=b"), "{\"n\":1}");
  request.headers = {{"Webhook-Id", "msg_1"}};
  const auto response = send(std::move(request));
  EXPECT_EQ(response.fault, TransportFault::none);
  EXPECT_EQ(response.status, 202);
  EXPECT_EQ(response.body, "hello");
  EXPECT_TRUE(response.request_sent);
  EXPECT_FALSE(response.body_truncated);
  EXPECT_THAT(response.headers, testing::Contains(delivery::Header{"X-Ref", "T-1"}));
  EXPECT_EQ(seen.get_future().get(), "POST /in?a=b HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port()) +
                                         "\r\nWebhook-Id: msg_1\r\nUser-Agent: OneProtect-Integrations\r\n"
                                         "Content-Length: 7\r\n\r\n{\"n\":1}");
}

TEST_F(HttpExchange, SendsBodiesThatTheKernelTakesOnlyInPieces) {
  const std::string body(8 * 1024 * 1024, 'b');
  std::promise<std::size_t> seen;
  RawServer server([&](Peer& peer) {
    seen.set_value(peer.read_request().size());
    peer.write(test::response(200, ""));
    peer.wait_for_close();
  });
  const auto response = send(post(server.url(), body));
  EXPECT_EQ(response.status, 200);
  EXPECT_GT(seen.get_future().get(), body.size());
}

TEST_F(HttpExchange, CutsBodiesBeyondTheCapAndKeepsTheStatus) {
  const auto at_the_cap = answer_with(test::response(500, std::string(64 * 1024, 'x')));
  EXPECT_EQ(at_the_cap.status, 500);
  EXPECT_EQ(at_the_cap.body.size(), 64u * 1024);
  EXPECT_FALSE(at_the_cap.body_truncated);

  const auto beyond = answer_with(test::response(500, std::string(64 * 1024, 'x') + "y"));
  EXPECT_EQ(beyond.fault, TransportFault::none);
  EXPECT_EQ(beyond.status, 500);
  EXPECT_EQ(beyond.body, std::string(64 * 1024, 'x'));
  EXPECT_TRUE(beyond.body_truncated);
}

TEST_F(HttpExchange, CutsEndlessChunkedBodies) {
  RawServer server([&](Peer& peer) {
    peer.read_request();
    peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    while (peer.write("400\r\n" + std::string(1024, 'z') + "\r\n")) {
    }
  });
  const auto response = send(post(server.url()));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body.size(), 64u * 1024);
  EXPECT_TRUE(response.body_truncated);
}

TEST_F(HttpExchange, LimitsTheNumberOfHeaders) {
  std::string headers;
  for (int i = 0; i < 99; ++i) headers += "A: b\r\n";
  EXPECT_EQ(answer_with(test::response(200, "", headers)).status, 200);  // content-length is the hundredth
  const auto beyond = answer_with(test::response(200, "", headers + "A: b\r\n"));
  EXPECT_EQ(beyond.fault, TransportFault::protocol);
  EXPECT_EQ(beyond.status, 0);
  EXPECT_TRUE(beyond.headers.empty());
}

TEST_F(HttpExchange, LimitsTheBytesOfHeaders) {
  // Status line "HTTP/1.1 200 Any", "Content-Length: 0", "A: " and the line ends are counted.
  const std::size_t rest = 18 + 19 + 5;
  const std::string value(16 * 1024 - rest, 'v');
  EXPECT_EQ(answer_with(test::response(200, "", "A: " + value + "\r\n")).status, 200);
  EXPECT_EQ(answer_with(test::response(200, "", "A: " + value + "v\r\n")).fault, TransportFault::protocol);
  // Many that are small, in pieces that the client reads one by one.
  RawServer drip([&](Peer& peer) {
    peer.read_request();
    peer.write("HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 90; ++i)
      if (!peer.write("A: " + std::string(400, 'v') + "\r\n")) return;
    peer.write("\r\n");
    peer.wait_for_close();
  });
  EXPECT_EQ(send(post(drip.url())).fault, TransportFault::protocol);
}

TEST_F(HttpExchange, RefusesMalformedResponses) {
  for (const char* bytes : {
           "SSH-2.0-OpenSSH_9.2\r\n",
           "HTTP/2.0 200 OK\r\n\r\n",
           "HTTP/1.1 2xx OK\r\n\r\n",
           "HTTP/1.1 099 No\r\n\r\n",
           "HTTP/1.1 600 No\r\n\r\n",
           "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
           "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
           "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
           "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
           "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
           "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
           "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
           "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
           "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n",
       }) {
    const auto response = answer_with(bytes);
    EXPECT_EQ(response.fault, TransportFault::protocol) << bytes << response.fault_detail;
    EXPECT_EQ(response.status, 0) << bytes;
    EXPECT_TRUE(response.request_sent) << bytes;
  }
}

TEST_F(HttpExchange, RefusesEndlessLines) {
  RawServer server([&](Peer& peer) {
    peer.read_request();
    peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;");
    while (peer.write(std::string(1024, 'e'))) {
    }
  });
  EXPECT_EQ(send(post(server.url())).fault, TransportFault::protocol);
}

TEST_F(HttpExchange, ReadsChunkedBodiesAndIgnoresTrailers) {
  const auto response = answer_with(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-Trailer: t\r\n\r\n");
  EXPECT_EQ(response.body, "abcde");
  EXPECT_EQ(response.headers.size(), 1u);
}

TEST_F(HttpExchange, ReadsBodiesThatEndWithTheConnection) {
  const auto response = answer_and_close("HTTP/1.1 200 OK\r\n\r\nuntil the end");
  EXPECT_EQ(response.fault, TransportFault::none);
  EXPECT_EQ(response.body, "until the end");
}

TEST_F(HttpExchange, PassesInterimResponsesOver) {
  const auto response = answer_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" +
                                    test::response(201, "made"));
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.body, "made");
  EXPECT_EQ(response.headers.size(), 1u);
  std::string endless;
  for (int i = 0; i < 17; ++i) endless += "HTTP/1.1 100 Continue\r\n\r\n";
  EXPECT_EQ(answer_with(endless + test::response(200, "")).fault, TransportFault::protocol);
}

TEST_F(HttpExchange, DoesNotFollowRedirects) {
  RawServer elsewhere([](Peer& peer) {
    peer.read_request();
    peer.write(test::response(200, ""));
  });
  const auto response = answer_with(test::response(302, "", "Location: " + elsewhere.url() + "\r\n"));
  EXPECT_EQ(response.status, 302);
  EXPECT_EQ(elsewhere.connections(), 0);
}

TEST_F(HttpExchange, ExpectsNoBodyAfterHeadAndNoContent) {
  RawServer server([&](Peer& peer) {
    while (!peer.read_request().empty()) peer.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
  });
  auto request = post(server.url(), "");
  request.method = "HEAD";
  EXPECT_EQ(send(request).status, 200);
  EXPECT_EQ(send(request).status, 200);
  EXPECT_EQ(server.connections(), 1);
  EXPECT_EQ(answer_with("HTTP/1.1 204 No Content\r\n\r\n").status, 204);
}

TEST_F(HttpExchange, ReportsAResetInTheMiddleOfAResponse) {
  RawServer server([](Peer& peer) {
    peer.read_request();
    peer.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    peer.reset();
  });
  const auto response = send(post(server.url()));
  EXPECT_EQ(response.fault, TransportFault::reset);
  EXPECT_EQ(response.status, 0);
  EXPECT_EQ(response.body, "");
  EXPECT_TRUE(response.request_sent);
  EXPECT_EQ(server.connections(), 1);
  EXPECT_EQ(answer_and_close("HTTP/1.1 200 OK\r\nConte").fault, TransportFault::reset);
}

TEST_F(HttpExchange, DoesNotRepeatARequestOnANewConnection) {
  RawServer server([](Peer& peer) {
    peer.read_request();
    peer.reset();
  });
  const auto response = send(post(server.url()));
  EXPECT_EQ(response.fault, TransportFault::reset);
  EXPECT_TRUE(response.request_sent);
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(HttpExchange, TakesAnAnswerThatComesBeforeTheRequestIsOut) {
  std::promise<void> answered;
  auto released = answered.get_future();
  RawServer server([&](Peer& peer) {
    peer.write(test::response(413, "too long"));
    released.wait();
  });
  const auto response = send(post(server.url(), std::string(32 * 1024 * 1024, 'x')));
  answered.set_value();
  EXPECT_EQ(response.status, 413);
  EXPECT_EQ(response.body, "too long");
  EXPECT_FALSE(response.request_sent);
}

TEST_F(HttpExchange, ReportsARefusedConnection) {
  std::uint16_t port = 0;
  {
    port = RawServer([](Peer&) {}).port();
  }
  const auto response = send(post("http://127.0.0.1:" + std::to_string(port) + "/secret?token=abc"));
  EXPECT_EQ(response.fault, TransportFault::connect);
  EXPECT_FALSE(response.request_sent);
  EXPECT_EQ(response.fault_detail, "cannot connect to the receiver: Connection refused");
  EXPECT_EQ(response.peer, "127.0.0.1:" + std::to_string(port) + " at 127.0.0.1");
}

TEST_F(HttpExchange, RefusesBadRequestsThroughTheCompletion) {
  EXPECT_EQ(send(post("ftp://127.0.0.1/")).fault, TransportFault::protocol);
  auto request = post("http://127.0.0.1/");
  request.headers = {{"X", "a\r\nb: c"}};
  const auto response = send(request);
  EXPECT_EQ(response.fault, TransportFault::protocol);
  EXPECT_FALSE(response.request_sent);
}

TEST_F(HttpExchange, TheTotalDeadlineCoversSlowHeaders) {
  RawServer server([](Peer& peer) {
    peer.read_request();
    peer.wait_for_close();
  });
  const auto response = send(post(server.url(), "{}", 150ms));
  EXPECT_EQ(response.fault, TransportFault::timeout);
  EXPECT_TRUE(response.request_sent);
  EXPECT_GE(response.elapsed, 150ms);
  EXPECT_THAT(response.fault_detail, HasSubstr("waiting for the response"));
}

TEST_F(HttpExchange, TheTotalDeadlineCoversABodyThatDrips) {
  RawServer server([](Peer& peer) {
    peer.read_request();
    peer.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
    while (peer.write("x")) std::this_thread::sleep_for(5ms);  // the fault that is played, not a wait
  });
  const auto response = send(post(server.url(), "{}", 200ms));
  EXPECT_EQ(response.fault, TransportFault::timeout);
  EXPECT_EQ(response.status, 0);
  EXPECT_THAT(response.fault_detail, HasSubstr("reading the response"));
}

TEST_F(HttpExchange, TheTotalDeadlineCoversAReceiverThatDoesNotRead) {
  std::promise<void> finished;
  auto released = finished.get_future();
  RawServer server([&](Peer&) { released.wait(); });
  const auto response = send(post(server.url(), std::string(64 * 1024 * 1024, 'x'), 200ms));
  finished.set_value();
  EXPECT_EQ(response.fault, TransportFault::timeout);
  EXPECT_FALSE(response.request_sent);
  EXPECT_THAT(response.fault_detail, HasSubstr("sending the request"));
}

TEST_F(HttpExchange, ATimeoutThatIsOverBeforeItBeginsIsATimeout) {
  RawServer server([](Peer& peer) { peer.wait_for_close(); });
  EXPECT_EQ(send(post(server.url(), "{}", 0ms)).fault, TransportFault::timeout);
}

}  // namespace
}  // namespace opi::egress
