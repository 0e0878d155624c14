#pragma once
#include <string_view>

namespace opi::kubernetes {

// RFC 1123: lower-case letters, digits and '-', at most 63; names of namespaces.
bool is_dns_label(std::string_view text);
// Such labels, joined by dots, at most 253; names of Secrets.
bool is_dns_subdomain(std::string_view text);
// Letters, digits and "-_.", at most 253, not beginning with ".."; keys of a Secret's data.
bool is_data_key(std::string_view text);
// Letters, digits and "-_.", with a letter or digit at either end, at most 63.
bool is_label_value(std::string_view text);
// A label's name, with an optional "<subdomain>/" before it.
bool is_label_key(std::string_view text);

}  // namespace opi::kubernetes
