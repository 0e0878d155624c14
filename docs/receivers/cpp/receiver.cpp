// Takes webhooks, once each: receiver DATABASE PORT, with the secrets in $WEBHOOK_SECRETS, parted by blanks.
// c++ -std=c++20 -O2 receiver.cpp -o receiver -lcrypto -lsqlite3 -pthread (Debian: libboost-dev libssl-dev
// libsqlite3-dev)
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sqlite3.h>

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace beast = boost::beast;
namespace http = beast::http;
using boost::asio::ip::tcp;
using Bytes = std::vector<unsigned char>;
using Request = http::request<http::string_body>;

constexpr std::int64_t window_seconds = 300;
constexpr std::uint64_t max_body = 1 << 20;

std::string base64(const Bytes& bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  text.resize(EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(), bytes.size()));
  return text;
}

// whsec_ and standard base64, as `integrationsctl secrets generate` makes it; anything else stops the program.
Bytes key_of(const std::string& secret) {
  const std::string prefix = "whsec_";
  const auto encoded = secret.starts_with(prefix) ? secret.substr(prefix.size()) : "";
  Bytes key(encoded.size());
  const int size = EVP_DecodeBlock(key.data(), reinterpret_cast<const unsigned char*>(encoded.data()), encoded.size());
  // EVP_DecodeBlock() counts the padding as zeros.
  if (size > 0) key.resize(size - std::count(encoded.begin(), encoded.end(), '='));
  if (size <= 0 || base64(key) != encoded) throw std::runtime_error("a secret is not whsec_<base64>");
  return key;
}

std::string text_of(const Request& request, const char* header) { return std::string(request[header]); }

bool is_genuine(const std::vector<Bytes>& keys, const Request& request, std::int64_t now) {
  const auto id = text_of(request, "webhook-id"), sent_at = text_of(request, "webhook-timestamp");
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(sent_at.data(), sent_at.data() + sent_at.size(), seconds);
  if (id.empty() || error != std::errc{} || end != sent_at.data() + sent_at.size()) return false;
  if (seconds < now - window_seconds || seconds > now + window_seconds) return false;
  const auto content = id + "." + sent_at + "." + request.body();
  for (const auto& key : keys) {
    Bytes mac(EVP_MAX_MD_SIZE);
    unsigned int size = 0;
    HMAC(EVP_sha256(), key.data(), key.size(), reinterpret_cast<const unsigned char*>(content.data()), content.size(),
         mac.data(), &size);
    mac.resize(size);
    const auto expected = "v1," + base64(mac);
    std::istringstream tokens(text_of(request, "webhook-signature"));
    for (std::string token; tokens >> token;)
      if (token.size() == expected.size() && CRYPTO_memcmp(token.data(), expected.data(), token.size()) == 0)
        return true;
  }
  return false;
}

// Remembers each webhook-id in the transaction that does the work, so that neither is there without the other.
class Inbox {
 public:
  explicit Inbox(const std::string& path) {
    sqlite3* opened = nullptr;
    const int result = sqlite3_open(path.c_str(), &opened);
    database_.reset(opened);
    if (result != SQLITE_OK) fail();
    sqlite3_busy_timeout(opened, 10'000);
    run("PRAGMA journal_mode = WAL");
    run("CREATE TABLE IF NOT EXISTS seen (webhook_id TEXT PRIMARY KEY, seen_at INTEGER NOT NULL)");
    run("CREATE TABLE IF NOT EXISTS alerts (webhook_id TEXT NOT NULL, body BLOB NOT NULL)");
  }

  // One at a time: the transaction is the connection's.
  void take(const std::string& id, const std::string& body, std::int64_t now) {
    const std::lock_guard lock(mutex_);
    run("BEGIN IMMEDIATE");
    try {
      run("INSERT OR IGNORE INTO seen VALUES (?1, ?2)", [&](sqlite3_stmt* statement) {
        sqlite3_bind_text(statement, 1, id.data(), id.size(), SQLITE_TRANSIENT);
        sqlite3_bind_int64(statement, 2, now);
      });
      if (sqlite3_changes(database_.get()) == 1)
        run("INSERT INTO alerts VALUES (?1, ?2)", [&](sqlite3_stmt* statement) {  // your own work stands here
          sqlite3_bind_text(statement, 1, id.data(), id.size(), SQLITE_TRANSIENT);
          sqlite3_bind_blob(statement, 2, body.data(), body.size(), SQLITE_TRANSIENT);
        });
      run("COMMIT");
    } catch (...) {
      sqlite3_exec(database_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
      throw;
    }
  }

 private:
  template <class Bind = void (*)(sqlite3_stmt*)>
  void run(
      const char* sql, Bind bind = [](sqlite3_stmt*) {}) {
    sqlite3_stmt* prepared = nullptr;
    if (sqlite3_prepare_v2(database_.get(), sql, -1, &prepared, nullptr) != SQLITE_OK) fail();
    const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement(prepared, sqlite3_finalize);
    bind(prepared);
    int result = sqlite3_step(prepared);
    while (result == SQLITE_ROW) result = sqlite3_step(prepared);
    if (result != SQLITE_DONE) fail();
  }
  [[noreturn]] void fail() { throw std::runtime_error(sqlite3_errmsg(database_.get())); }

  std::mutex mutex_;
  std::unique_ptr<sqlite3, int (*)(sqlite3*)> database_{nullptr, sqlite3_close};
};

http::status answer(const std::vector<Bytes>& keys, Inbox& inbox, const Request& request) {
  if (request.method() != http::verb::post) return http::status::method_not_allowed;
  const auto now =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch());
  // With 401 the sender fetches its secret anew and tries again.
  if (!is_genuine(keys, request, now.count())) return http::status::unauthorized;
  try {
    inbox.take(text_of(request, "webhook-id"), request.body(), now.count());
    return http::status::no_content;
  } catch (const std::exception& error) {
    std::cerr << "not stored: " << error.what() << '\n';
    return http::status::service_unavailable;
  }
}

// One connection. It waits for its sender as long as that takes: put a proxy before it that does not.
void serve(tcp::socket stream, const std::vector<Bytes>& keys, Inbox& inbox) try {
  beast::flat_buffer buffer;
  for (bool keep_open = true; keep_open;) {
    http::request_parser<http::string_body> parser;
    parser.body_limit(max_body);
    beast::error_code error;
    http::read(stream, buffer, parser, error);
    if (error && error != http::error::body_limit) return;
    const auto status = error ? http::status::payload_too_large : answer(keys, inbox, parser.get());
    http::response<http::empty_body> response(status, 11);
    keep_open = !error && parser.get().keep_alive();
    response.keep_alive(keep_open);
    if (status != http::status::no_content) response.prepare_payload();
    http::write(stream, response);
  }
} catch (const std::exception&) {
  // The sender went away; it tries again.
}

int main(int count, char** words) try {
  if (count != 3) throw std::runtime_error("usage: receiver DATABASE PORT");
  const char* const secrets = std::getenv("WEBHOOK_SECRETS");
  std::istringstream texts(secrets ? secrets : "");
  std::vector<Bytes> keys;
  for (std::string secret; texts >> secret;) keys.push_back(key_of(secret));
  if (keys.empty()) throw std::runtime_error("WEBHOOK_SECRETS is empty");
  Inbox inbox(words[1]);
  boost::asio::io_context io;
  tcp::acceptor acceptor(io, {boost::asio::ip::address_v4::loopback(), std::uint16_t(std::stoi(words[2]))});
  std::cout << "listening on " << acceptor.local_endpoint().port() << std::endl;
  for (;;)
    std::thread([stream = acceptor.accept(), &keys, &inbox]() mutable {
      serve(std::move(stream), keys, inbox);
    }).detach();
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
