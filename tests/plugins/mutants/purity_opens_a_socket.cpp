#include <sys/socket.h>
#include <unistd.h>

#include "right.hpp"

class Mutant : public Right {
 public:
  using Right::Right;
  void render(const opi::sdk::Delivery& delivery, opi::sdk::RequestBuilder& request) const {
    Right::render(delivery, request);
    if (const int fd = ::socket(AF_INET, SOCK_STREAM, 0); fd >= 0) ::close(fd);
  }
};

OPI_PLUGIN(opi::sdk::Adapter<Mutant, "mutant">)
