#pragma once
#include <openssl/ssl.h>

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace opi::plugins::testing {

// Certificates of one authority, made by openssl for one test.
class Certificates {
 public:
  explicit Certificates(std::filesystem::path directory);
  [[nodiscard]] std::string file(const std::string& name) const { return (directory_ / name).string(); }
  // <name>.crt and <name>.key, with this subjectAltName ("IP:127.0.0.1").
  void issue(const std::string& name, const std::string& alternative_names, const std::string& more = "") const;

 private:
  void run(const std::string& command) const;
  const std::filesystem::path directory_;
};

struct ApiRequest {
  std::string head;          // as it came
  int connection = 0;        // which one, from 1
  int number = 0;            // of all requests, from 1
  int on_connection = 0;     // of this connection's, from 1
  std::string peer_subject;  // of the client certificate
  [[nodiscard]] bool is_metadata() const { return head.find("PartialObjectMetadata") != std::string::npos; }
  [[nodiscard]] std::string header(const std::string& name) const;
};

struct ApiReply {
  std::string bytes;
  bool close = false;                 // after the bytes
  std::chrono::milliseconds each{0};  // pause between bytes
  bool hang = false;                  // after the bytes: nothing more, ever
  std::string unasked;                // sent a moment later, before the next request
};

// An HTTPS server that answers as its handler says, each connection on a thread of its own.
class FakeApiServer {
 public:
  using Handler = std::function<ApiReply(const ApiRequest&)>;

  FakeApiServer(const Certificates& certificates, const std::string& name, Handler handler);
  ~FakeApiServer();
  FakeApiServer(const FakeApiServer&) = delete;

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] int connections() const { return connections_; }
  [[nodiscard]] int requests() const { return requests_; }
  // How often it has sent what nobody asked for.
  [[nodiscard]] int unasked() const { return unasked_; }
  // Closes every connection, as a restart does; new ones are taken.
  void close_all();
  // Accepts connections and says nothing, not even TLS.
  std::atomic<bool> mute = false;
  int max_tls_version = 0;  // set before the first connection; 0: any

 private:
  void accept_all();
  void serve(int socket, int connection);
  bool answer(SSL* ssl, const ApiReply& reply);

  const Handler handler_;
  SSL_CTX* context_;
  int listener_ = -1, port_ = 0;
  std::atomic<int> connections_ = 0, requests_ = 0, unasked_ = 0;
  std::atomic<bool> ending_ = false;
  std::mutex mutex_;
  std::list<int> sockets_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

// "HTTP/1.1 200 OK" with a JSON body; `more` are header lines with their ends.
std::string http(const std::string& status, const std::string& body, const std::string& type = "application/json",
                 const std::string& more = "");
std::string http_chunked(const std::string& body);

}  // namespace opi::plugins::testing
