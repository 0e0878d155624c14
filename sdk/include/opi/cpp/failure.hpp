#pragma once
#include <opi/abi.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>

namespace opi::sdk {

// Ends a call with a status and a text for people, which must not contain secrets. The layer turns it into the
// ABI's status and error; any other exception becomes OPI_E_EXCEPTION (OPI_E_NOMEM for std::bad_alloc).
class Failure : public std::runtime_error {
 public:
  Failure(opi_status status, const std::string& text) : std::runtime_error(text), status_(status) {}
  explicit Failure(const std::string& text) : Failure(OPI_E_INVALID, text) {}
  [[nodiscard]] opi_status status() const { return status_; }

 private:
  opi_status status_;
};

namespace detail {

inline void write_error(opi_error* error, opi_status status, std::string_view text) noexcept {
  if (error == nullptr || error->size < sizeof(opi_error)) return;
  error->code = status;
  const auto n = std::min(text.size(), sizeof(error->text) - 1);
  if (n != 0) std::memcpy(error->text, text.data(), n);
  error->text[n] = '\0';
}

// Runs a body so that nothing it throws crosses the boundary.
template <class Body>
opi_status guarded(opi_error* error, Body&& body) noexcept {
  try {
    body();
    return OPI_OK;
  } catch (const Failure& failure) {
    const auto status = failure.status() < 0 ? failure.status() : opi_status{OPI_E_FAILED};
    write_error(error, status, failure.what());
    return status;
  } catch (const std::bad_alloc&) {
    write_error(error, OPI_E_NOMEM, "out of memory");
    return OPI_E_NOMEM;
  } catch (const std::exception& exception) {
    write_error(error, OPI_E_EXCEPTION, exception.what());
    return OPI_E_EXCEPTION;
  } catch (...) {
    write_error(error, OPI_E_EXCEPTION, "an exception of unknown type");
    return OPI_E_EXCEPTION;
  }
}

}  // namespace detail
}  // namespace opi::sdk
