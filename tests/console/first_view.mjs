// How soon the console shows a view of a store with many deliveries, beside the same view of a store with few: the real
// daemon over SQLite, a fresh browser profile each time.
//   node first_view.mjs --build DIR [--deliveries N] [--runs N]
// --build: a build folder; opi_read_bench there fills the store.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { launch } from './browser.mjs';
import { modulesOf } from './modules.mjs';

const { values } = parseArgs({
  options: {
    build: { type: 'string' },
    deliveries: { type: 'string', default: '1000000' },
    runs: { type: 'string', default: '5' },
  },
});
const build = resolve(values.build);
const few = 1000;
const runs = Number(values.runs);
const patience = 60_000;
const views = { health: '', deliveries: '/deliveries', 'dead letters': '/dead-letters' };

const median = (times) => [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)];
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

// Those of opi_read_bench. Disabled: the browser's time is measured, not the receivers'.
function destinations() {
  return Array.from({ length: 20 }, (_, n) => ({
    destination_id: `00000000-0000-7000-8000-0000000000${(n + 1).toString(16).padStart(2, '0')}`,
    name: `Destination ${n + 1}`,
    adapter: 'webhook',
    endpoint: 'http://127.0.0.1:9/',
    event_types: ['*'],
    signing: 'disabled',
    enabled: false,
  }));
}

async function startDaemon(folder, count) {
  const state = join(folder, 'state');
  const store = join(folder, 'store.sqlite');
  mkdirSync(state, { recursive: true, mode: 0o700 });
  execFileSync(`${build}/tests/read_bench/opi_read_bench`, [String(count), 'sqlite', store]);
  const configuration = join(folder, 'integrationsd.conf');
  const log = join(state, 'log');
  writeFileSync(
    configuration,
    `[general]\nenvironment=test\nstate_directory=${state}\n[store]\nsqlite_path=${store}\n[api]\nport=0\n` +
      `[status]\nport=0\n[plugins]\ndirectory=${build}/lib/plugins\n[egress]\nallow=127.0.0.0/8\n[log]\nfile=${log}\n`,
  );
  const tenants = join(folder, 'tenants.json');
  writeFileSync(tenants, JSON.stringify({ tenants: [{ tenant_id: 'acme', name: 'Acme', destinations: destinations() }] }));
  const control = (...words) =>
    execFileSync(`${build}/bin/integrationsctl`, ['--config', configuration, ...words], { encoding: 'utf8' }).trim();
  control('apply', tenants);
  const token = control('token', 'issue', '--tenant', 'acme', '--role', 'auditor');
  const child = spawn(`${build}/bin/integrationsd`, ['--config', configuration], { stdio: 'inherit' });
  const ended = new Promise((done) => child.on('exit', done));
  const started = () =>
    existsSync(log) &&
    readFileSync(log, 'utf8')
      .split('\n')
      .find((line) => line.includes('"daemon.started"'));
  const until = Date.now() + patience;
  while (!started() && Date.now() < until) await pause(50);
  const origin = `http://127.0.0.1:${JSON.parse(started()).api_port}`;
  return {
    origin,
    link: (path) => `${origin}/console/integrations${path}#token=${token}`,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

// Milliseconds from the start of a navigation until the view stands there with its rows, by the page's own clock: for
// somebody who follows a sign-in link with an empty cache, and for the same one who comes back.
async function timesOf(browser, daemon, path) {
  const tab = await browser.open();
  await tab.page.addInitScript(() => {
    const observer = new MutationObserver(() => {
      if (globalThis.rowsAt || !document.querySelector('[data-row]')) return;
      requestAnimationFrame(() => setTimeout(() => (globalThis.rowsAt ??= performance.now())));
    });
    observer.observe(document, { childList: true, subtree: true });
  });
  const times = [];
  for (const address of [daemon.link(path), `${daemon.origin}/console/integrations${path}`]) {
    await tab.page.goto(address, { waitUntil: 'commit' });
    times.push(await (await tab.page.waitForFunction(() => globalThis.rowsAt)).jsonValue());
    await tab.settled();
  }
  await tab.close();
  return times;
}

async function measure(count) {
  const folder = mkdtempSync(join(tmpdir(), 'opi-first-view.'));
  const found = {};
  try {
    const daemon = await startDaemon(folder, count);
    const browser = await launch(modulesOf(`${build}/host/console/npm`), daemon);
    try {
      for (const [view, path] of Object.entries(views)) {
        const all = [];
        for (let run = 0; run < runs; ++run) all.push(await timesOf(browser, daemon, path));
        found[view] = [0, 1].map((visit) => median(all.map((times) => times[visit])));
      }
    } finally {
      await browser.close();
      await daemon.stop();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return found;
}

const small = await measure(few);
const large = await measure(Number(values.deliveries));
console.log(`until the rows stand there, ms, median of ${runs}; ${values.deliveries} deliveries and ${few}`);
console.log('view           empty cache   of few   coming back   of few   ratio');
for (const view of Object.keys(views)) {
  const [fresh, back] = large[view];
  const [freshOfFew, backOfFew] = small[view];
  const columns = [[fresh, 12], [freshOfFew, 9], [back, 14], [backOfFew, 9]].map(([ms, width]) =>
    ms.toFixed(0).padStart(width),
  );
  console.log(view.padEnd(14) + columns.join('') + (back / backOfFew).toFixed(2).padStart(8));
}
