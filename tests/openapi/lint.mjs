// Lints an OpenAPI document by Redocly's recommended rules, warnings counting as errors. One fault a line; fails if
// there is any.
//
// The library, not the command line around it: that one reports its use to its vendor.
import { createConfig, lint } from '@redocly/openapi-core';

const [file] = process.argv.slice(2);
const config = await createConfig({ extends: ['recommended-strict'] });
const problems = await lint({ ref: file, config });
for (const { ruleId, severity, message, location } of problems)
  console.log(`${severity} ${ruleId} ${location[0].pointer ?? ''}: ${message}`);
console.log(`${problems.length} faults in ${file}`);
process.exitCode = problems.length === 0 ? 0 : 1;
