#pragma once
#include "api/filter_parameters.hpp"
#include "api/http_message.hpp"
#include "audit/audit_record.hpp"
#include "delivery/delivery_filter.hpp"
#include "delivery/json_fields.hpp"

// What people ask for who act on deliveries: one, or those of a filter. Throws ProblemError 422 that names what is
// wrong.
namespace opi::api {

inline constexpr int default_moves = 1'000;
inline constexpr std::size_t reason_length = 512;  // bytes

// Who asks for `action`, at this time; the target is still to be set.
audit::Entry entry_by(const Request& request, audit::Action action, const Clock& clock);

// No body is an empty document.
boost::json::object body_of(const Request& request);

// "reason", which is required, without what looks like a secret.
std::string read_reason(delivery::JsonFields& fields);

std::vector<ProblemField> problem_fields(const std::vector<delivery::FieldError>& errors);

// Members by filter_names, and "state" if it can be one of several; each a text, or a list of texts, as in a query.
enum class FilterStates { none, waiting, ended };
delivery::DeliveryFilter read_filter_object(const boost::json::object& object, FilterStates states,
                                            std::vector<ProblemField>& errors);

// {"filter", "dry_run": true by default, "limit"} and, if asked for, "reason", which a dry run may leave out.
struct BulkRequest {
  delivery::DeliveryFilter filter;
  bool dry_run = true;
  int limit = default_moves;
  std::string reason;
};
struct BulkMembers {
  bool reason = false;
  FilterStates states = FilterStates::none;
  int max_limit = 10'000;
  const char* without_filter;  // what a missing filter is told, such as "is missing; {} means all dead letters"
};
BulkRequest bulk_request(const Request& request, const BulkMembers& members);

}  // namespace opi::api
