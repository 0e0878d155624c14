#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "private_buffer.hpp"
#include "settings.hpp"
#include "trusted_file.hpp"

namespace opi::kubernetes {

struct ClientIdentity {
  std::string certificate_pem;
  PrivateBuffer key_pem;
};

// How to reach the API server and as whom, as the files say at one moment.
struct Access {
  std::string host, port, path_prefix;
  std::string server_name;  // that its certificate must have; an address or a DNS name
  std::string ca_pem;       // whom alone to trust
  std::optional<ClientIdentity> identity;
  std::optional<PrivateBuffer> token;
  std::vector<std::pair<std::string, FileStamp>> files;  // that all of this was read from

  // Notes the file's stamp and reads it.
  PrivateBuffer read(const std::string& file, const std::string& what);
  [[nodiscard]] bool has_changed() const;
};

// Throws sdk::Failure, which names the file or the field.
Access load_access(const Settings& settings);

// A token as it may stand in a header, without the newline at its end. Throws sdk::Failure.
PrivateBuffer checked_token(PrivateBuffer token, const std::string& what);

}  // namespace opi::kubernetes
