#pragma once
#include <opi/plugin.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace opi::webhook {

enum class Missing { null, error };

// JSON text with placeholders: {{name}} or {{payload.path.to.0.value}}. Inside a JSON string a placeholder becomes the
// value's text, escaped; elsewhere it becomes the value as JSON. So the result is JSON whatever the values are.
// Names: the envelope's fields, alert_id, evidence_id, ticket_id, delivery_id, idempotency_key, and payload with a path
// of member names (letters, digits, '_', '-') and array indices. A value that is absent, empty or null is missing:
// null (inside a string: nothing), or an error. A literal "{{" is written "\u007b{". Immutable.
class BodyTemplate {
 public:
  static constexpr std::size_t max_placeholders = 256, max_path = 16;

  // Throws sdk::Failure, which names the byte where the template is wrong.
  BodyTemplate(std::string_view text, Missing missing);

  // Throws sdk::Failure, which names the placeholder without a value, if missing values are errors.
  [[nodiscard]] std::string render(const sdk::Delivery& delivery) const;

 private:
  using Field = std::string_view (sdk::Delivery::*)() const;
  struct Part {
    std::string literal;            // stands before the placeholder
    std::string name;               // as written; empty: the template's end
    Field field = nullptr;          // null: a path into the payload
    std::vector<std::string> path;  // empty: the whole payload
    bool in_string = false;
  };

  static Part placeholder(std::string_view name, std::size_t at);
  void append(std::string& out, const Part& part, const sdk::Delivery& delivery) const;

  std::vector<Part> parts_;
  Missing missing_;
};

}  // namespace opi::webhook
