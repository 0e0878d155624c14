#pragma once
#include <sys/stat.h>

#include <filesystem>
#include <optional>

#include "crypto/ed25519.hpp"

namespace opi::audit {

// What becomes of a file that is not there. One that the configuration names is the same on every node, so that none
// may make one of its own.
enum class MissingKey { made, refused };

// Whether a file that is private to the daemon can be read or changed by anybody else. The group may read what root
// handed out to it: so a cluster mounts a Secret for the group of the pod (fsGroup).
bool is_open_to_others(const struct stat& status);

// The key that signs audit exports and checkpoints, from its PEM file, of root's or this user's, private to it. Several
// programs may make it at once: all get the same. Throws std::runtime_error naming the file.
crypto::Ed25519Key open_signing_key(const std::filesystem::path& file, MissingKey missing = MissingKey::made);
// nullopt if there is no such file.
std::optional<crypto::Ed25519Key> read_signing_key(const std::filesystem::path& file);

}  // namespace opi::audit
