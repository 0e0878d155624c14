#include "api/request_reader.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace opi::api::request_reader_test {
namespace {

constexpr std::size_t body_limit = 100'000;

// What comes of a stream that is cut into pieces of `piece` bytes: "METHOD target body" of each request, and at last
// what is wrong.
std::vector<std::string> read(const std::string& stream, std::size_t piece) {
  std::vector<std::string> found;
  RequestReader reader;
  const auto advance = [&](std::optional<Problem> problem) {
    while (!problem) {
      if (reader.stage() == RequestReader::Stage::decision) {
        problem = judge_body(reader.framing(), body_limit);
        if (!problem) problem = reader.admit(body_limit);
      } else if (reader.stage() == RequestReader::Stage::whole) {
        found.push_back(reader.head().substr(0, reader.head().find(" HTTP/")) + " " + reader.take_body());
        problem = reader.next();
      } else {
        return true;
      }
    }
    found.push_back(std::to_string(problem->status) + " " + problem->detail);
    return false;
  };
  for (std::size_t at = 0; at < stream.size(); at += piece)
    if (!advance(reader.feed(std::string_view(stream).substr(at, piece)))) return found;
  if (const auto problem = reader.ended()) found.push_back(std::to_string(problem->status) + " " + problem->detail);
  return found;
}

// The same, however the stream is cut.
std::vector<std::string> read(const std::string& stream) {
  const auto whole = read(stream, stream.size());
  for (const std::size_t piece : {1, 2, 3, 5, 7, 11, 100})
    EXPECT_EQ(read(stream, piece), whole) << "in pieces of " << piece << " bytes: " << stream.substr(0, 200);
  return whole;
}

using Found = std::vector<std::string>;

std::string post(const std::string& fields) { return "POST /x HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n"; }
std::string chunked(const std::string& chunks) { return post("Transfer-Encoding: chunked\r\n") + chunks; }
const std::string get = "GET /y HTTP/1.1\r\nHost: h\r\n\r\n";
const std::string malformed = "400 The chunks of the body are malformed";

TEST(RequestReader, FindsOneRequestAfterTheOther) {
  EXPECT_EQ(read(get + "\r\n" + post("Content-Length: 3\r\n") + "abc" + get),
            (Found{"GET /y ", "POST /x abc", "GET /y "}));
  EXPECT_EQ(read(chunked("3\r\nabc\r\n0\r\n\r\n") + get), (Found{"POST /x abc", "GET /y "}));
  const std::string large(20'000, 'x');
  EXPECT_EQ(read(post("Content-Length: 20000\r\n") + large + get), (Found{"POST /x " + large, "GET /y "}));
  EXPECT_EQ(read(post("Expect: 100-continue\r\nContent-Length: 3\r\n") + "abc" + get),
            (Found{"POST /x abc", "GET /y "}));
}

TEST(RequestReader, SkipsAFewEmptyLines) {
  const auto lines = [](std::size_t count) {
    std::string text;
    while (count-- > 0) text += "\r\n";
    return text;
  };
  EXPECT_EQ(read(lines(HeadLimits::empty_lines) + get + lines(HeadLimits::empty_lines) + get),
            (Found{"GET /y ", "GET /y "}));
  EXPECT_EQ(read(lines(HeadLimits::empty_lines + 1)), (Found{"400 More than 4 empty lines stand before a request"}));
  for (const char* no_line : {"\n", "\r", "\n\r\n"})
    EXPECT_EQ(read(no_line + get), (Found{"400 The request line is not 'METHOD target HTTP/1.1'"}));
}

TEST(RequestReader, TellsOfABodyThatEndsEarly) {
  for (const auto& begun : {post("Content-Length: 3\r\n") + "ab", post("Content-Length: 20000\r\n") + "ab", chunked(""),
                            chunked("3\r\nab"), chunked("3\r\nabc\r\n"), chunked("3\r\nabc\r\n0\r\n")})
    EXPECT_EQ(read(begun), Found{"400 The body ended early"}) << begun;
  EXPECT_EQ(read("GET /y HT"), Found{}) << "a head that ends early was no request";
}

TEST(RequestReader, ReadsChunksInAnyRightForm) {
  for (const char* three : {"3\r\nabc\r\n", "0003\r\nabc\r\n", "000000000003\r\nabc\r\n", "1\r\na\r\n2\r\nbc\r\n",
                            "3;name=value;x\r\nabc\r\n", "3 ;name=\"a b\"\r\nabc\r\n"}) {
    if (std::string_view(three).starts_with("3 ")) {
      EXPECT_EQ(read(chunked(std::string(three) + "0\r\n\r\n")), Found{malformed}) << "a blank is no digit";
      continue;
    }
    EXPECT_EQ(read(chunked(std::string(three) + "0\r\n\r\n")), Found{"POST /x abc"}) << three;
    EXPECT_EQ(read(chunked(std::string(three) + "000\r\nX: y\r\nZ:\r\n\r\n") + get), (Found{"POST /x abc", "GET /y "}));
  }
  EXPECT_EQ(read(chunked("aB\r\n" + std::string(0xab, 'x') + "\r\n0\r\n\r\n")),
            Found{"POST /x " + std::string(0xab, 'x')});
}

TEST(RequestReader, RefusesChunksInAnyOther) {
  for (const char* chunks : {"\r\n",
                             ";x\r\n",
                             "x\r\n",
                             "-1\r\n",
                             "+1\r\na\r\n",
                             "0x1\r\na\r\n",
                             " 1\r\na\r\n",
                             "1 \r\na\r\n",
                             "1\na\r\n",
                             "1\r\na\n0\r\n\r\n",
                             "1\r\nab\r\n",
                             "1\r\na0\r\n",
                             "1\r\r\na\r\n",
                             "1;\x01\r\na\r\n",
                             "1;x\na\r\n",
                             "123456789\r\n",
                             "0000123456789\r\n",
                             "0\r\n\n",
                             "0\r\nX\r\n\r\n",
                             "0\r\n: y\r\n\r\n",
                             "0\r\nX : y\r\n\r\n",
                             "0\r\nX: \x01\r\n\r\n",
                             "0\r\nX: y\n\r\n",
                             "0\r\n\rx"})
    EXPECT_EQ(read(chunked(chunks)), Found{malformed}) << chunks;
}

TEST(RequestReader, AChunkedBodyHasItsLimits) {
  const auto sized = [](const char* size, std::size_t bytes) {
    return chunked(size + std::string(bytes, 'x') + "\r\n0\r\n\r\n");
  };
  EXPECT_EQ(read(sized("186a0\r\n", body_limit)), Found{"POST /x " + std::string(body_limit, 'x')});
  const Found large{"413 The body may have at most 100000 bytes"};
  EXPECT_EQ(read(chunked("186a1\r\n")), large) << "told by the size alone";
  EXPECT_EQ(read(chunked("ffffffff\r\n")), large);
  EXPECT_EQ(read(chunked("1\r\na\r\n186a0\r\n")), large);
  const auto line = [](std::size_t bytes) {
    return chunked("1;" + std::string(bytes - 2, 'x') + "\r\na\r\n0\r\n\r\n");
  };
  EXPECT_EQ(read(line(ChunkLimits::line_bytes)), Found{"POST /x a"});
  EXPECT_EQ(read(line(ChunkLimits::line_bytes + 1)), Found{malformed});
  const auto trailer = [](std::size_t bytes) { return chunked("0\r\nX:" + std::string(bytes - 2, 'x') + "\r\n\r\n"); };
  EXPECT_EQ(read(trailer(ChunkLimits::trailer_bytes)), Found{"POST /x "});
  EXPECT_EQ(read(trailer(ChunkLimits::trailer_bytes + 1)), Found{malformed});
}

TEST(RequestReader, ChunksHaveToHoldSomething) {
  const auto chunks = [](std::size_t count, const std::string& chunk) {
    std::string all;
    while (count-- > 0) all += chunk;
    return chunked(all + "0\r\n\r\n");
  };
  EXPECT_EQ(read(chunks(20'000, "1\r\na\r\n")), Found{"POST /x " + std::string(20'000, 'a')}) << "one byte each";
  EXPECT_EQ(read(chunks(2'000, "1;" + std::string(200, 'x') + "\r\na\r\n")), Found{malformed});
}

TEST(RequestReader, KeepsNoMemoryBetweenRequests) {
  RequestReader reader;
  const std::string head =
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 16000\r\nX: " + std::string(4000, 'x') + "\r\n\r\n";
  ASSERT_FALSE(reader.feed(head + std::string(16'000, 'y')));
  ASSERT_EQ(reader.stage(), RequestReader::Stage::whole);
  EXPECT_GT(reader.capacity(), 16'000u);
  ASSERT_FALSE(reader.next());
  EXPECT_LT(reader.capacity(), 100u);
  ASSERT_FALSE(reader.feed(head));
  reader.release();
  EXPECT_LT(reader.capacity(), 100u);
}

}  // namespace
}  // namespace opi::api::request_reader_test
