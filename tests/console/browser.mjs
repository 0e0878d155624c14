// A browser in which whatever a page must never do is noted: errors, violations of its CSP, requests to other origins,
// and what stays write-only standing on it.
import assert from 'node:assert/strict';

const flags = [
  '--headless',
  '--no-sandbox', // the tests may run as root
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const writeOnly = /local:\/\/|\/(healthy|flaky|throttling|rejecting|gone|slow|resetting|down)\/(acme|nordlicht)/;

async function violationsOn(page, axe) {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe);
  const found = await page.evaluate(() =>
    globalThis.axe.run(document, {
      resultTypes: ['violations'], // the others' details cost time
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    }),
  );
  return found.violations.flatMap((violation) =>
    violation.nodes.map((node) => `${violation.id}: ${node.target.join(' ')}: ${node.failureSummary}`),
  );
}

// `axe`: its source, or nothing where it is not asked.
export async function launch({ chromium, axe }, demo) {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: flags });

  // A tab signed in as `who`. `expected`: statuses of answers that are not faults here; browsers log them as errors.
  async function open(who, { scheme = 'light', width = 1440, height = 900, expected = [] } = {}) {
    const context = await browser.newContext({
      viewport: { width, height },
      colorScheme: scheme,
      reducedMotion: 'reduce',
      acceptDownloads: true,
      permissions: ['clipboard-write'],
    });
    context.setDefaultTimeout(30_000);
    const page = await context.newPage();
    const faults = [];
    page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
    page.on('console', (message) => {
      if (!['error', 'warning'].includes(message.type())) return;
      const status = /the server responded with a status of (\d+)/.exec(message.text())?.[1];
      if (status && expected.includes(Number(status))) return;
      faults.push(`${message.type()}: ${message.text()}`);
    });
    page.on('request', (request) => {
      if (new URL(request.url()).origin !== demo.origin && !request.url().startsWith('blob:'))
        faults.push(`request to another origin: ${request.url()}`);
    });
    const tab = {
      page,
      context,
      faults,
      async go(path) {
        await page.goto(`${demo.origin}/console/integrations${path}`);
        await tab.settled();
      },
      async settled() {
        await page.locator('h1, h2').first().waitFor();
        await page.waitForFunction(() => !document.querySelector('[aria-busy="true"], [data-loading="true"]'));
      },
      // What axe finds wrong, and what no view may show or do.
      async judge(view) {
        if (axe) assert.deepEqual(await violationsOn(page, axe), [], `axe on ${view}`);
        const text = await page.evaluate(() => document.documentElement.outerHTML);
        assert.doesNotMatch(text, writeOnly, `${view} shows what is write-only`);
        const wide = await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        );
        assert.ok(wide <= 0, `${view} is ${wide} px wider than the window`);
        tab.clean(view);
      },
      clean(where) {
        assert.deepEqual(faults, [], `faults of ${where}`);
      },
      async close() {
        tab.clean(page.url());
        await context.close();
      },
    };
    if (who) {
      await page.goto(demo.link(who));
      await tab.settled();
    }
    return tab;
  }

  return { open, close: () => browser.close() };
}
