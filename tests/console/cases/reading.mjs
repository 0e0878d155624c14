// What a person finds out without changing anything.
import assert from 'node:assert/strict';

// The newcomer's question: which destination is failing, why, and what was tried.
export async function theWayFromAnIncidentToItsCause({ open }) {
  const tab = await open('acme-bank auditor');
  const { page } = tab;
  await page.getByRole('link', { name: /^Dead letters 5/ }).click();
  await page.getByRole('row').filter({ hasText: 'Evidence vault' }).click();
  await tab.settled();
  assert.match(page.url(), /show=dead_lettered&destination=0199f3a0-0000-7000-8000-0000000000a6/);
  await page.getByText('4 dead letters wait for a person').waitFor();
  await page.getByRole('link', { name: 'See why, and replay them' }).click();
  await tab.settled();
  assert.equal(await page.locator('a[data-row]').count(), 4);
  await page.locator('a[data-row]').first().click();
  await page.getByText('The last of 3 attempts was not answered in time; the policy allows no more.').first().waitFor();
  const first = page.getByRole('button', { name: /^Attempt 1/ });
  assert.equal(await first.getAttribute('aria-expanded'), 'false');
  await first.click();
  const details = page.locator('dl').filter({ hasText: 'Worth trying again' }).first();
  await details.getByText('later').waitFor();
  await details.getByText('None: there was no answer').waitFor();
  await page.getByRole('link', { name: /^inc-acme/ }).click();
  await page.waitForURL(/correlation_id=inc-acme/);
  await tab.close();
}

export async function filtersWorkTogetherAndStandInTheAddress({ open }) {
  const tab = await open('acme-bank auditor');
  const { page } = tab;
  const names = () => page.locator('a[data-row]').allTextContents();
  const filter = (name) =>
    page.getByRole('group', { name: 'Filters' }).getByRole('button', { name, exact: true }).click();
  await filter('Enabled');
  assert.equal((await names()).length, 5);
  await filter('Failed');
  assert.deepEqual(await names(), ['Case archive']);
  await filter('Dead-lettered');
  assert.deepEqual((await names()).sort(), ['Case archive', 'Evidence vault']);
  await filter('Disabled');
  assert.deepEqual((await names()).sort(), ['Branch SOC', 'Case archive', 'Evidence vault']);
  await page.getByRole('searchbox', { name: 'Search destinations by name' }).fill('VAULT');
  assert.deepEqual(await names(), ['Evidence vault']);
  await page.waitForURL(/q=VAULT/);
  await page.reload();
  await tab.settled();
  assert.deepEqual(await names(), ['Evidence vault']);
  await page.getByRole('searchbox').fill('no such name');
  await page.getByRole('button', { name: 'Show all' }).click();
  assert.equal((await names()).length, 6);
  await tab.close();
}

export async function everythingByKeyboard({ open }) {
  const tab = await open('acme-bank auditor');
  const { page } = tab;
  const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim() ?? '');
  await page.keyboard.press('Tab');
  assert.equal(await focused(), 'Skip to the view');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'view');
  for (let steps = 0; (await focused()) !== 'Evidence vault'; ++steps) {
    assert.ok(steps < 40, 'Tab leads to the first destination');
    await page.keyboard.press('Tab');
  }
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  assert.equal(outline, 'solid', 'the focus is visible');
  await page.keyboard.press('ArrowDown');
  assert.equal(await focused(), 'Branch SOC');
  await page.keyboard.press('End');
  assert.equal(await focused(), 'Ticket mirror');
  await page.keyboard.press('ArrowUp');
  assert.equal(await focused(), 'SIEM');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'SIEM' }).waitFor();
  await tab.settled();
  for (let steps = 0; !/^(alert|ticket|evidence)\./.test(await focused()); ++steps) {
    assert.ok(steps < 40, 'Tab leads on to a delivery in the panel');
    await page.keyboard.press('Tab');
  }
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/deliveries\/[0-9a-f-]{36}$/);
  await tab.settled();
  for (let steps = 0; !(await focused()).startsWith('Attempt 1'); ++steps) {
    assert.ok(steps < 40, 'Tab leads to the attempt');
    await page.keyboard.press('Tab');
  }
  await page.keyboard.press('Space');
  assert.equal(await page.getByRole('button', { name: /^Attempt 1/ }).getAttribute('aria-expanded'), 'false');
  await tab.close();
}

export async function nothingMovesByItself({ open }) {
  const tab = await open('acme-bank auditor');
  const { page } = tab;
  const asked = [];
  page.on('request', (request) => asked.push(request.url()));
  const time = await page.locator('header time').textContent();
  await page.evaluate(() => {
    window.dispatchEvent(new Event('focus'));
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
    window.dispatchEvent(new Event('online'));
  });
  await page.waitForTimeout(1_500); // long enough for what a page might do by itself
  assert.deepEqual(asked, []);
  assert.equal(await page.locator('header time').textContent(), time);
  await page.getByRole('button', { name: 'Refresh' }).click();
  await page.waitForFunction((before) => document.querySelector('header time')?.textContent !== before, time);
  assert.ok(
    asked.some((url) => url.includes('/delivery-health')) && asked.some((url) => url.includes('/destinations')),
  );
  await tab.close();
}

export async function referencesAreCopied({ open }) {
  const tab = await open('acme-bank auditor');
  const { page } = tab;
  await tab.go('/deliveries?state=dead_lettered');
  await page.locator('a[data-row]').first().click();
  await tab.settled();
  for (const name of ['delivery id', 'event id', 'correlation id', 'alert id', 'destination id', 'audit id']) {
    await page
      .getByRole('button', { name: new RegExp(`^Copy ${name} `) })
      .first()
      .click();
    await page.getByText(`${name} copied`).first().waitFor();
    const label = await page
      .getByRole('button', { name: new RegExp(`^Copy ${name} `) })
      .first()
      .getAttribute('aria-label');
    const field = page.getByRole('textbox', { name: 'Value of the reference' }); // the page itself may not read it
    await field.fill('');
    await field.focus();
    await page.keyboard.press('Control+V');
    assert.equal(`Copy ${name} ${await field.inputValue()}`, label);
  }
  await tab.close();
}

export async function theAuditTrailIsFilteredCheckedAndExported({ open }) {
  const tab = await open('acme-bank auditor');
  const { page } = tab;
  await tab.go('/audit');
  await page.getByText('The chain holds').waitFor();
  await page.getByLabel('Action').selectOption('destination.disabled');
  await page.waitForURL(/action=destination\.disabled/);
  await tab.settled();
  assert.equal(await page.locator('tbody tr').count(), 1);
  await page.getByRole('button', { name: 'Clear all' }).click();
  await page.getByRole('textbox', { name: 'Correlation id' }).fill('inc-acme-2026-0914-ransomware');
  await page.getByRole('button', { name: 'Filter' }).click();
  await page.waitForURL(/correlation_id=inc-acme/);
  await tab.settled();
  assert.ok((await page.locator('tbody tr').count()) > 1);
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Export, signed' }).click(),
  ]);
  assert.match(download.suggestedFilename(), /^audit-.*\.ndjson$/);
  await tab.settled();
  await tab.close();
}

export async function pagesOfDeliveriesGoBothWays({ open }) {
  const tab = await open('acme-bank auditor');
  const { page } = tab;
  await tab.go('/deliveries');
  const first = await page.locator('tbody tr').first().textContent();
  assert.equal(await page.locator('tbody tr').count(), 50);
  await page.getByRole('button', { name: 'Older' }).click();
  await page.waitForURL(/trail=/);
  await tab.settled();
  assert.equal(await page.locator('tbody tr').count(), 12, '62 deliveries in all');
  assert.ok(await page.getByRole('button', { name: 'Older' }).isDisabled());
  await page.getByRole('button', { name: 'Newer' }).click();
  await tab.settled();
  assert.equal(await page.locator('tbody tr').first().textContent(), first);
  await tab.close();
}
