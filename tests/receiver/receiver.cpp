#include "receiver/receiver.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <stdexcept>
#include <thread>

#include "receiver/session.hpp"

namespace opi::receiver {

namespace asio = boost::asio;
using asio::ip::tcp;

class Receiver::Server {
 public:
  explicit Server(ReceiverOptions options) {
    for (const auto& secret : options.secrets) {
      auto key = parse_secret(secret);
      if (!key) throw std::runtime_error("a signing secret is not of the form whsec_<base64> with 24 to 64 bytes");
      context_.keys.push_back(std::move(*key));
    }
    context_.authorization = AuthorizationServer(options.authorization);
    context_.options = std::move(options);
    const tcp::endpoint endpoint{asio::ip::address_v4::loopback(), context_.options.port};
    acceptor_.open(endpoint.protocol());
    acceptor_.set_option(asio::socket_base::reuse_address(true));
    acceptor_.bind(endpoint);
    acceptor_.listen(4096);
    port_ = acceptor_.local_endpoint().port();
    accept();
    thread_ = std::thread([this] { io_.run(); });
  }

  ~Server() { stop(); }

  void stop() {
    if (!thread_.joinable()) return;
    asio::post(io_, [this] {
      boost::system::error_code ignored;  // a failing close leaves nothing to do
      acceptor_.close(ignored);
      pause_.cancel();
      for (const auto& session : sessions_)
        if (const auto alive = session.lock()) alive->close();
    });
    thread_.join();
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }
  Scoreboard& scoreboard() { return context_.scoreboard; }

 private:
  void accept() {
    acceptor_.async_accept([this](const boost::system::error_code& error, Socket socket) {
      if (!acceptor_.is_open()) return;
      if (!error) {
        admit(std::move(socket));
        return accept();
      }
      // Out of file descriptors, most likely: asking again at once would only spin.
      pause_.expires_after(std::chrono::milliseconds{20});
      pause_.async_wait([this](const boost::system::error_code& stopped) {
        if (!stopped && acceptor_.is_open()) accept();
      });
    });
  }

  void admit(Socket socket) {
    boost::system::error_code error;
    socket.non_blocking(true, error);
    if (!error) socket.set_option(tcp::no_delay(true), error);
    if (error) return;  // closed again by the peer
    if (sessions_.size() >= swept_at_) {
      std::erase_if(sessions_, [](const auto& session) { return session.expired(); });
      swept_at_ = 2 * sessions_.size() + 64;
    }
    const auto session = std::make_shared<Session>(std::move(socket), context_);
    sessions_.push_back(session);
    session->run();
  }

  SessionContext context_;
  asio::io_context io_{1};
  asio::basic_socket_acceptor<tcp, asio::io_context::executor_type> acceptor_{io_};
  asio::steady_timer pause_{io_};
  std::uint16_t port_ = 0;
  std::vector<std::weak_ptr<Session>> sessions_;
  std::size_t swept_at_ = 64;
  std::thread thread_;
};

Receiver::Receiver(ReceiverOptions options) : server_(std::make_unique<Server>(std::move(options))) {}
Receiver::~Receiver() = default;

std::uint16_t Receiver::port() const { return server_->port(); }
std::string Receiver::url(const std::string& path) const { return "http://127.0.0.1:" + std::to_string(port()) + path; }
ReceiverStatistics Receiver::statistics() const { return server_->scoreboard().snapshot(); }
std::uint64_t Receiver::bench_requests() const { return server_->scoreboard().bench_requests(); }
void Receiver::reset_statistics() { server_->scoreboard().reset(); }
void Receiver::stop() { server_->stop(); }

}  // namespace opi::receiver
