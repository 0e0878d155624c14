// The console in a real browser against the real daemon, in the demo's end state.
//   node run.mjs --programs DIR --modules DIR [--store sqlite|postgres] [--screenshots DIR]
// --modules: where npm installed the console's packages. --screenshots takes the pictures of the documents instead.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { launch } from './browser.mjs';
import { startDemo } from './demo.mjs';
import { modulesOf } from './modules.mjs';
import { takeScreenshots } from './screenshots.mjs';
import * as configuration from './cases/configuration.mjs';
import * as deadLetters from './cases/dead_letters.mjs';
import * as order from './cases/order.mjs';
import * as reading from './cases/reading.mjs';
import * as sessions from './cases/sessions.mjs';
import * as views from './cases/views.mjs';

const { values } = parseArgs({
  options: {
    programs: { type: 'string' },
    modules: { type: 'string' },
    store: { type: 'string', default: 'sqlite' },
    screenshots: { type: 'string' },
    only: { type: 'string', default: '' },
  },
});

const folder = mkdtempSync(join(tmpdir(), 'opi-console.'));
const failed = [];
let passed = 0;

async function runCases(browser, demo) {
  // Reading first: the later ones change what there is to read.
  for (const group of [reading, views, sessions, deadLetters, configuration, order])
    for (const [name, run] of Object.entries(group)) {
      if (!name.includes(values.only)) continue;
      const began = Date.now();
      try {
        await run({ open: browser.open, demo });
        ++passed;
        console.log(`  ok      ${name} (${Date.now() - began} ms)`);
      } catch (failure) {
        failed.push(name);
        console.log(`  FAILED  ${name}\n${failure.stack}`);
      }
    }
}

const demo = await startDemo({ programs: values.programs, store: values.store, state: join(folder, 'state') });
try {
  const { chromium, axe } = modulesOf(values.modules);
  // What axe sees is the same over either store, and half of the time goes into it.
  const browser = await launch({ chromium, axe: values.store === 'sqlite' ? axe : undefined }, demo);
  try {
    if (values.screenshots) await takeScreenshots(browser, values.screenshots);
    else await runCases(browser, demo);
  } finally {
    await browser.close();
  }
} finally {
  const { code, output } = await demo.stop();
  // It looks for secrets in logs and database when it ends.
  if (code !== 0) {
    failed.push('demo');
    console.log(`the demo ended with ${code}:\n${output.split('\n').slice(-12).join('\n')}`);
  }
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed.length} failed`);
process.exitCode = failed.length > 0 ? 1 : 0;
