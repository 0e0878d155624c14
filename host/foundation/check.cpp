#include "foundation/check.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace opi {
namespace {

// As a JSON text: what the preprocessor made of source code holds no control characters.
void put_text(const char* text) {
  std::fputc('"', stderr);
  for (; *text != '\0'; ++text) {
    if (*text == '"' || *text == '\\') std::fputc('\\', stderr);
    std::fputc(*text, stderr);
  }
  std::fputc('"', stderr);
}

}  // namespace

void check_failed(const char* file, int line, const char* condition,
                  std::initializer_list<CheckedValue> values) noexcept {
  const char* const name = std::strrchr(file, '/');
  std::fputs(R"({"level":"error","event":"check.failed","file":)", stderr);
  put_text(name == nullptr ? file : name + 1);
  std::fprintf(stderr, R"(,"line":%d,"condition":)", line);
  put_text(condition);
  for (const auto& value : values) {
    std::fputc(',', stderr);
    put_text(value.name);
    std::fprintf(stderr, ":%lld", value.value);
  }
  std::fputs("}\n", stderr);
  std::abort();
}

}  // namespace opi
