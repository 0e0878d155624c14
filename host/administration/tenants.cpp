#include "administration/tenants.hpp"

#include "administration/document.hpp"
#include "delivery/json_fields.hpp"

namespace opi::administration {
namespace {

namespace json = boost::json;
using delivery::FieldError;
using delivery::JsonFields;

}  // namespace

TenantChange Tenants::create(std::string_view text, const Actor& actor) {
  auto parsed = parse_document(text);
  if (auto* errors = std::get_if<std::vector<FieldError>>(&parsed)) return TenantChange::invalid(std::move(*errors));
  std::vector<FieldError> errors;
  JsonFields fields(std::get<json::object>(parsed), "", errors);
  fields.refuse_unknown({"tenant_id", "name"});
  Tenant tenant;
  const auto id = fields.required_text("tenant_id", TenantTag::max_length);
  // Ids with a leading '_' are the host's own.
  if (const auto known = TenantId::parse(id); known && !id.starts_with('_'))
    tenant.id = *known;
  else if (!id.empty())
    fields.error("tenant_id", "may hold lower-case letters, digits, '-' and '_', and not begin with '_'");
  tenant.name = fields.required_text("name", DestinationLimits::name_length);
  if (!errors.empty()) return TenantChange::invalid(std::move(errors));
  return editor_.create(tenant, actor, {{"name", tenant.name}});
}

TenantChange Tenants::rename(const TenantId& id, CatalogEditor::Seen seen, std::string_view text, const Actor& actor) {
  auto parsed = parse_document(text);
  return editor_.edit(id, seen, actor, audit::Action::tenant_changed, [&](Tenant& wanted, const Catalog&) {
    CatalogEditor::Edit edit;
    if (const auto* errors = std::get_if<std::vector<FieldError>>(&parsed)) {
      edit.errors = *errors;
      return edit;
    }
    JsonFields fields(std::get<json::object>(parsed), "", edit.errors);
    fields.refuse_unknown({"name"});
    wanted.name = fields.required_text("name", DestinationLimits::name_length);
    edit.details["changed"] = {"name"};
    return edit;
  });
}

}  // namespace opi::administration
