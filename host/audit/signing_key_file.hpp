#pragma once
#include <filesystem>
#include <optional>

#include "crypto/ed25519.hpp"

namespace opi::audit {

// What becomes of a file that is not there. One that the configuration names is the same on every node, so that none
// may make one of its own.
enum class MissingKey { made, refused };

// The key that signs audit exports and checkpoints, from its PEM file (mode 0600). Several programs may make it at
// once: all get the same. Throws std::runtime_error naming the file.
crypto::Ed25519Key open_signing_key(const std::filesystem::path& file, MissingKey missing = MissingKey::made);
// nullopt if there is no such file.
std::optional<crypto::Ed25519Key> read_signing_key(const std::filesystem::path& file);

}  // namespace opi::audit
