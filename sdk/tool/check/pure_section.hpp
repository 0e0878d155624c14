#pragma once
#include <string>
#include <vector>

namespace opi::tool {

// While one lives, this thread is in a call that must be pure. Calls of the C library that ask for the time, the
// environment, the locale or chance are recorded: this program's own functions of these names stand before the
// library's.
class PureSection {
 public:
  PureSection();
  ~PureSection();
  PureSection(const PureSection&) = delete;
  PureSection& operator=(const PureSection&) = delete;
};

// From now on every thread of this process gets EPERM from all system calls but those for memory, locks and the end,
// and for writing to `report_fd`; those of pure sections are recorded. Throws std::system_error.
void refuse_system_calls(int report_fd);

// What pure sections did that they must not, by name.
std::vector<std::string> impurities();

// For the functions that stand before the C library's.
void record_impure_call(const char* name) noexcept;

}  // namespace opi::tool
