#pragma once
#include <vector>

#include "plugins/frame.hpp"

// The ABI's structs as fields of frames, and back. What is read borrows from the frame.
namespace opi::plugins {

void write(FrameWriter& out, const opi_delivery& delivery);
void read(FrameReader& in, opi_delivery& delivery);

void write(FrameWriter& out, const opi_response& response);
void read(FrameReader& in, opi_response& response, std::vector<opi_kv>& headers);

// The plugin's own: texts that are none stay such, too long ones too long.
void write_verdict(FrameWriter& out, const opi_verdict* verdict);
// False if the plugin passed none.
bool read_verdict(FrameReader& in, opi_verdict& verdict);

// A query with the lists that it points to.
struct QueryFields {
  std::vector<opi_str> segments, keys;
  opi_secret_query query{};
};
void write(FrameWriter& out, const opi_secret_query& query);
void read(FrameReader& in, QueryFields& fields);

void write(FrameWriter& out, const opi_secret_meta& meta);
void read(FrameReader& in, opi_secret_meta& meta);

}  // namespace opi::plugins
