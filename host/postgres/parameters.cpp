#include "postgres/parameters.hpp"

#include "postgres/wire.hpp"

namespace opi::postgres {
namespace {

// Built-in type oids (pg_type.dat); they never change.
std::int32_t oid_of(ArrayParameter::Element element) {
  switch (element) {
    case ArrayParameter::Element::text: return 25;
    case ArrayParameter::Element::uuid: return 2950;
    case ArrayParameter::Element::bytea: return 17;
    case ArrayParameter::Element::int4: return 23;
    case ArrayParameter::Element::int8: return 20;
    case ArrayParameter::Element::timestamptz: return 1184;
    case ArrayParameter::Element::float8: return 701;
  }
  return 0;
}

// Header: dimensions, null flag, element oid, then per dimension length and lower bound.
constexpr std::size_t dimensions_at = 0, length_at = 12, header_bytes = 20, empty_header_bytes = 12;

std::int64_t micros_of(UnixTime time) {
  return wire::from_unix_micros(std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count());
}

template <class Int>
std::string encoded_int(Int value) {
  std::string bytes;
  wire::append(bytes, value);
  return bytes;
}

}  // namespace

ArrayParameter::ArrayParameter(Element element) {
  wire::append<std::int32_t>(bytes_, 1);
  wire::append<std::int32_t>(bytes_, 1);  // may contain nulls
  wire::append<std::int32_t>(bytes_, oid_of(element));
  wire::append<std::int32_t>(bytes_, 0);
  wire::append<std::int32_t>(bytes_, 1);
}

void ArrayParameter::begin_element(std::int32_t size) {
  wire::append(bytes_, size);
  ++count_;
}

void ArrayParameter::add(std::string_view text_or_bytes) {
  begin_element(static_cast<std::int32_t>(text_or_bytes.size()));
  bytes_.append(text_or_bytes);
}

void ArrayParameter::add(const Uuid& uuid) { add(std::span<const std::uint8_t>{uuid.bytes}); }

void ArrayParameter::add(std::span<const std::uint8_t> bytes) {
  add(std::string_view{reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

void ArrayParameter::add_int4(std::int32_t value) {
  begin_element(sizeof value);
  wire::append(bytes_, value);
}

void ArrayParameter::add_int8(std::int64_t value) {
  begin_element(sizeof value);
  wire::append(bytes_, value);
}

void ArrayParameter::add_time(UnixTime time) { add_int8(micros_of(time)); }

void ArrayParameter::add_micros(std::int64_t unix_micros) { add_int8(wire::from_unix_micros(unix_micros)); }

void ArrayParameter::add_null() { begin_element(-1); }

std::string_view ArrayParameter::encoded() {
  const auto patch = [&](std::size_t at, std::int32_t value) { bytes_.replace(at, sizeof value, encoded_int(value)); };
  patch(dimensions_at, count_ == 0 ? 0 : 1);
  patch(length_at, count_);
  return std::string_view{bytes_}.substr(0, count_ == 0 ? empty_header_bytes : bytes_.size());
}

static_assert(length_at + 2 * sizeof(std::int32_t) == header_bytes);

Parameters& Parameters::push(std::string value) {
  values_.emplace_back(std::move(value));
  return *this;
}

Parameters& Parameters::text(std::string_view value) { return push(std::string{value}); }
Parameters& Parameters::bytes(std::span<const std::uint8_t> value) {
  return push(std::string{reinterpret_cast<const char*>(value.data()), value.size()});
}
Parameters& Parameters::uuid(const Uuid& value) { return bytes(value.bytes); }
Parameters& Parameters::int4(std::int32_t value) { return push(encoded_int(value)); }
Parameters& Parameters::int8(std::int64_t value) { return push(encoded_int(value)); }
Parameters& Parameters::float8(double value) { return push(encoded_int(std::bit_cast<std::int64_t>(value))); }
Parameters& Parameters::boolean(bool value) { return push(std::string(1, value ? '\1' : '\0')); }
Parameters& Parameters::time(UnixTime value) { return push(encoded_int(micros_of(value))); }
Parameters& Parameters::micros(std::int64_t unix_micros) {
  return push(encoded_int(wire::from_unix_micros(unix_micros)));
}
Parameters& Parameters::array(ArrayParameter& value) { return push(std::string{value.encoded()}); }
Parameters& Parameters::null() {
  values_.emplace_back(std::nullopt);
  return *this;
}

Parameters::Native Parameters::native() const {
  Native native;
  for (const auto& value : values_) {
    native.values.push_back(value ? value->data() : nullptr);
    native.lengths.push_back(value ? static_cast<int>(value->size()) : 0);
    native.formats.push_back(1);
  }
  return native;
}

}  // namespace opi::postgres
