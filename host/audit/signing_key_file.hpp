#pragma once
#include <filesystem>

#include "crypto/ed25519.hpp"

namespace opi::audit {

// The key that signs the checkpoints of audit exports, from its PEM file; made there (mode 0600) if there is none.
// Several programs may make it at once: all get the same. Throws std::runtime_error naming the file.
crypto::Ed25519Key open_signing_key(const std::filesystem::path& file);

}  // namespace opi::audit
