#pragma once
#include <Poco/Net/StreamSocketImpl.h>

#include <algorithm>
#include <cstring>
#include <string>

namespace opi::api {

// A connected socket some of whose bytes were read already: POCO reads those first. Does not own the descriptor:
// give_back() takes it from POCO before the end.
class PrereadSocket final : public Poco::Net::StreamSocketImpl {
 public:
  PrereadSocket(int descriptor, std::string bytes)
      : Poco::Net::StreamSocketImpl(descriptor), bytes_(std::move(bytes)) {}

  int receiveBytes(void* buffer, int length, int flags) override {
    if (read_ == bytes_.size()) return Poco::Net::StreamSocketImpl::receiveBytes(buffer, length, flags);
    const auto count = std::min(static_cast<std::size_t>(length), bytes_.size() - read_);
    std::memcpy(buffer, bytes_.data() + read_, count);
    read_ += count;
    return static_cast<int>(count);
  }
  bool poll(const Poco::Timespan& timeout, int mode) override {
    return read_ < bytes_.size() || Poco::Net::StreamSocketImpl::poll(timeout, mode);
  }

  void close() override {}  // POCO's sessions close what they were lent

  [[nodiscard]] std::string unread() const { return bytes_.substr(read_); }
  void give_back() { reset(); }  // not release(): that is how POCO counts who uses it

 private:
  using Poco::Net::StreamSocketImpl::receiveBytes;
  const std::string bytes_;
  std::size_t read_ = 0;
};

}  // namespace opi::api
