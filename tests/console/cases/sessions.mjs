// Coming, going, and what stands in the way.
import assert from 'node:assert/strict';

export async function aLinkSignsInAndLeavesNoTokenBehind({ open, demo }) {
  const tab = await open('acme-bank auditor');
  const { page, context } = tab;
  assert.doesNotMatch(page.url(), /token/);
  assert.equal(await page.evaluate(() => history.length), 2, 'about:blank and the page: no entry with the token');
  const cookie = (await context.cookies()).find(({ name }) => name === 'opi_session');
  assert.ok(cookie.httpOnly && cookie.sameSite === 'Strict');
  const kept = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }) + document.cookie);
  assert.doesNotMatch(kept, /opi_[A-Za-z0-9]/);
  const token = new URL(demo.link('acme-bank auditor')).hash.slice('#token='.length);
  assert.ok(!(await page.evaluate(() => document.documentElement.outerHTML)).includes(token));
  await page.reload();
  await tab.settled();
  await page.getByRole('heading', { name: 'Delivery health' }).waitFor();
  await tab.close();
}

// The session of a portal link is its tab's: it has no cookie, outlives a reload, and the link begins no second one.
export async function aPortalLinkSignsInItsTabOnce({ open, demo }) {
  const admin = new URL(demo.link('acme-bank tenant_admin')).hash.slice('#token='.length);
  const answer = await fetch(`${demo.origin}/api/v1/portal-links`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${admin}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ role: 'auditor', subject: 'customer 17' }),
  });
  assert.equal(answer.status, 201);
  const { path } = await answer.json();
  const tab = await open(null, { expected: [401] });
  const { page, context } = tab;
  await page.goto(demo.origin + path);
  await page.getByRole('heading', { name: 'Delivery health' }).waitFor();
  assert.doesNotMatch(page.url(), /token/);
  assert.equal((await context.cookies()).length, 0);
  await page.reload();
  await page.getByRole('heading', { name: 'Delivery health' }).waitFor();
  const second = await context.newPage();
  await second.goto(demo.origin + path);
  await second.getByText('The link is unknown, expired, used or withdrawn').waitFor();
  await second.close();
  await tab.close();
}

export async function aWrongTokenIsRefusedInWords({ open, demo }) {
  const tab = await open(null, { expected: [401] });
  const { page } = tab;
  await page.goto(`${demo.origin}/console/integrations/deliveries?state=failed`);
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await tab.judge('sign-in');
  await page.getByLabel('API token').fill('opi_wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('The token is unknown, expired or revoked').waitFor();
  await tab.judge('a refused sign-in');
  const token = new URL(demo.link('acme-bank auditor')).hash.slice('#token='.length);
  await page.getByLabel('API token').fill(token);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Deliveries' }).waitFor();
  assert.match(page.url(), /state=failed/, 'the view that was asked for');
  await tab.close();
}

export async function aSessionThatEndsSaysSo({ open }) {
  const tab = await open('acme-bank auditor', { scheme: 'dark', expected: [401] });
  const { page, context } = tab;
  await tab.go('/dead-letters');
  await context.clearCookies();
  await page.getByRole('button', { name: 'Refresh' }).click();
  await page.getByRole('heading', { name: 'Your session is over' }).waitFor();
  await tab.judge('a session that is over');
  await tab.close();
}

export async function signingOutEndsTheSession({ open }) {
  const tab = await open('acme-bank operator', { expected: [401] });
  const { page } = tab;
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
  await page.reload();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await tab.close();
}

export async function systemAdminsChooseATenant({ open }) {
  const tab = await open('system_admin');
  const { page } = tab;
  await page.getByRole('heading', { name: 'Choose a tenant' }).waitFor();
  await tab.judge('the choice of a tenant');
  await page.getByRole('button', { name: /Nordlicht-Klinik/ }).click();
  await tab.settled();
  await page.getByRole('link', { name: 'Ticket-Brücke' }).waitFor();
  await page.getByRole('button', { name: 'Other tenant' }).click();
  await page.getByRole('button', { name: /Acme Bank/ }).click();
  await page.getByRole('link', { name: 'Ticket mirror' }).waitFor();
  assert.equal(await page.getByRole('link', { name: 'Ticket-Brücke' }).count(), 0);
  await page.reload();
  await page.getByRole('link', { name: 'Ticket mirror' }).waitFor();
  await tab.judge('health, as a system admin');
  await tab.close();
}

// The daemon's own answers, in its stead: what the page makes of them.
export async function failuresAreToldWithAWayOn({ open }) {
  const tab = await open('acme-bank auditor', { expected: [403, 503] });
  const { page } = tab;
  const answer = (status, code, detail) => (route) =>
    route.fulfill({
      status,
      contentType: 'application/problem+json',
      body: JSON.stringify({ type: `urn:oneprotect:problem:${code}`, title: 'x', status, detail }),
    });
  await page.route('**/api/v1/deliveries?*', answer(503, 'unavailable', 'The store cannot be reached'));
  await page.getByRole('link', { name: 'Deliveries' }).click();
  await page.getByText('The daemon cannot reach its store').waitFor();
  await tab.judge('a failure');
  await page.unroute('**/api/v1/deliveries?*');
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.locator('tbody tr').first().waitFor();
  await page.route('**/api/v1/audit?*', answer(403, 'forbidden', 'The role auditor may not do this'));
  await page.getByRole('link', { name: 'Audit' }).click();
  await page.getByText('Your role may not see this').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Try again' }).count(), 0, 'trying again would not help');
  await tab.judge('no permission');
  let answerNow;
  const held = new Promise((resolve) => (answerNow = resolve));
  await page.route('**/api/v1/adapters', async (route) => {
    await held;
    await route.continue();
  });
  await page.getByRole('link', { name: 'Plugins' }).click();
  await page.locator('[aria-busy="true"]').first().waitFor();
  await tab.judge('a view that is loading');
  answerNow();
  await page.getByText('Generic HTTP webhook').waitFor();
  await tab.close();
}
