#pragma once
#include "check/report.hpp"
#include "check/specimen.hpp"

namespace opi::tool {

// The conformance suite. Each runs in a child process of its own and tells what it finds.
void check_static(const Subject& subject, Report& report);    // the file's bytes, before any of its code runs
void check_load(const Subject& subject, Report& report);      // the daemon's own stages, with its probe
void check_contract(const Subject& subject, Report& report);  // tables, statuses, inputs at their edges
void check_purity(const Subject& subject, Report& report);    // same arguments, same result; nothing from outside
void check_hostile(const Subject& subject, Report& report);   // payloads and responses that nobody should send
void check_fuzz(const Subject& subject, Report& report);      // the same by chance, from a seed
void check_secrets(const Subject& subject, Report& report);   // what is confidential is told to nobody
void check_tenant(const Subject& subject, Report& report);    // a tenant's secret is no other tenant's

}  // namespace opi::tool
