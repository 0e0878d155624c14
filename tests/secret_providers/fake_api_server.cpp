#include "secret_providers/fake_api_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/x509.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <stdexcept>

namespace opi::plugins::testing {

Certificates::Certificates(std::filesystem::path directory) : directory_(std::move(directory)) {
  std::filesystem::create_directories(directory_);
  run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=cluster-ca -keyout "
      "ca.key "
      "-out ca.crt");
}

void Certificates::issue(const std::string& name, const std::string& alternative_names, const std::string& more) const {
  run("openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=" + name + " -keyout " + name +
      ".key -out " + name + ".csr");
  run("printf 'subjectAltName=" + alternative_names + "\\n" + more + "' > " + name + ".ext && openssl x509 -req -in " +
      name + ".csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile " + name + ".ext -out " + name + ".crt");
}

void Certificates::run(const std::string& command) const {
  if (std::system(("cd " + directory_.string() + " && (" + command + ") > openssl.log 2>&1").c_str()) != 0)
    throw std::runtime_error("failed: " + command);
}

std::string ApiRequest::header(const std::string& name) const {
  const auto at = head.find("\r\n" + name + ": ");
  if (at == std::string::npos) return {};
  const auto start = at + name.size() + 4;
  return head.substr(start, head.find("\r\n", start) - start);
}

FakeApiServer::FakeApiServer(const Certificates& certificates, const std::string& name, Handler handler)
    : handler_(std::move(handler)), context_(::SSL_CTX_new(::TLS_server_method())) {
  std::signal(SIGPIPE, SIG_IGN);  // of this server's own writes
  ::SSL_CTX_use_certificate_chain_file(context_, certificates.file(name + ".crt").c_str());
  ::SSL_CTX_use_PrivateKey_file(context_, certificates.file(name + ".key").c_str(), SSL_FILETYPE_PEM);
  ::SSL_CTX_load_verify_locations(context_, certificates.file("ca.crt").c_str(), nullptr);
  ::SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("no listening socket");
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

FakeApiServer::~FakeApiServer() {
  ending_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  close_all();
  for (auto& thread : threads_) thread.join();
  ::close(listener_);
  ::SSL_CTX_free(context_);
}

void FakeApiServer::close_all() {
  const std::lock_guard lock(mutex_);
  for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
}

void FakeApiServer::accept_all() {
  while (!ending_) {
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) continue;
    const int one = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    const std::lock_guard lock(mutex_);
    sockets_.push_back(socket);
    threads_.emplace_back([this, socket, number = ++connections_] { serve(socket, number); });
  }
}

void FakeApiServer::serve(int socket, int connection) {
  while (mute && !ending_) std::this_thread::sleep_for(std::chrono::milliseconds{5});
  SSL* const ssl = ::SSL_new(context_);
  if (max_tls_version != 0) ::SSL_set_max_proto_version(ssl, max_tls_version);
  if (max_tls_version != 0) ::SSL_set_security_level(ssl, 0);
  ::SSL_set_fd(ssl, socket);
  ApiRequest request;
  request.connection = connection;
  bool more = ::SSL_accept(ssl) == 1;
  if (more)
    if (X509* const peer = ::SSL_get1_peer_certificate(ssl); peer != nullptr) {
      char name[256] = "";
      ::X509_NAME_oneline(::X509_get_subject_name(peer), name, sizeof name);
      request.peer_subject = name;
      ::X509_free(peer);
    }
  while (more) {
    request.head.clear();
    char byte = 0;
    while (!request.head.ends_with("\r\n\r\n") && ::SSL_read(ssl, &byte, 1) == 1) request.head += byte;
    if (!request.head.ends_with("\r\n\r\n")) break;
    request.number = ++requests_;
    ++request.on_connection;
    more = answer(ssl, handler_(request));
  }
  ::SSL_free(ssl);
  const std::lock_guard lock(mutex_);
  sockets_.remove(socket);
  ::close(socket);
}

bool FakeApiServer::answer(SSL* ssl, const ApiReply& reply) {
  if (reply.each.count() == 0 && !reply.bytes.empty()) {
    std::size_t sent = 0;
    if (::SSL_write_ex(ssl, reply.bytes.data(), reply.bytes.size(), &sent) != 1) return false;
  }
  if (reply.each.count() > 0)
    for (const char byte : reply.bytes) {
      if (ending_ || ::SSL_write(ssl, &byte, 1) != 1) return false;
      std::this_thread::sleep_for(reply.each);
    }
  if (!reply.unasked.empty()) {
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
    if (::SSL_write(ssl, reply.unasked.data(), static_cast<int>(reply.unasked.size())) <= 0) return false;
    ++unasked_;
  }
  if (reply.hang) {
    pollfd ended{::SSL_get_fd(ssl), POLLRDHUP, 0};
    while (!ending_ && ::poll(&ended, 1, 10) == 0) {
    }
  }
  return !reply.close && !reply.hang;
}

std::string http(const std::string& status, const std::string& body, const std::string& type, const std::string& more) {
  return "HTTP/1.1 " + status + "\r\nContent-Type: " + type + "\r\n" + more +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string http_chunked(const std::string& body) {
  std::string text = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
  constexpr std::size_t chunk = 7001;
  for (std::size_t at = 0; at < body.size(); at += chunk) {
    char size[32];
    const auto part = body.substr(at, chunk);
    std::snprintf(size, sizeof size, "%zx\r\n", part.size());
    text += size + part + "\r\n";
  }
  return text + "0\r\n\r\n";
}

}  // namespace opi::plugins::testing
