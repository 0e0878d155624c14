# cmake -DFILE=<plugin.so> -P opi_seal.cmake
# Appends a seal: "OPI-SEAL1:" and the SHA-256 of all before it in hex. The daemon refuses a file whose seal is broken, so that
# a copy with a flipped bit is told from a good one before any of its code runs. Stripping removes the seal, which is allowed.
file(SHA256 ${FILE} digest)
file(APPEND ${FILE} "OPI-SEAL1:${digest}")
