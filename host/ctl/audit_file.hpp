#pragma once
#include "ctl/arguments.hpp"
#include "ctl/context.hpp"

namespace opi::ctl {

// Writes an export of --tenant to --output, and audits it.
int write_export(Context& context, const Arguments& arguments);

// Checks the export in --file, against --public-key if given. Touches no store.
int verify_export(Context& context, const Arguments& arguments);

}  // namespace opi::ctl
