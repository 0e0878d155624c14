// Every view, as every role, in both themes, on a wide and on a narrow screen.
import assert from 'node:assert/strict';

const branch = '0199f3a0-0000-7000-8000-0000000000a5'; // disabled, with a dead letter and held deliveries

async function everyView(tab, { forms }) {
  await tab.go('');
  await tab.judge('health');
  await tab.go(`?destination=${branch}&show=disabled,dead_lettered`);
  await tab.page.getByRole('heading', { name: 'Branch SOC' }).waitFor();
  await tab.judge('a destination');
  await tab.go('/deliveries');
  await tab.judge('deliveries');
  await tab.page.getByRole('link', { name: 'alert.updated' }).first().click();
  await tab.settled();
  await tab.judge('a delivery beside the list');
  await tab.go('/deliveries?alert_id=nothing-of-this-name');
  await tab.judge('an empty list');
  await tab.go('/dead-letters');
  await tab.judge('dead letters');
  await tab.page.locator('a[data-row]').first().click();
  await tab.settled();
  await tab.judge('a dead letter');
  await tab.go('/policy');
  await tab.judge('policy');
  await tab.go('/audit');
  await tab.judge('audit');
  await tab.go('/plugins');
  await tab.judge('plugins');
  if (!forms) return;
  await tab.go('/destinations/new');
  await tab.judge('a new destination');
  await tab.page.getByRole('button', { name: 'Create' }).click();
  await tab.judge('a new destination with faults');
  await tab.go(`/destinations/${branch}/edit`);
  await tab.judge('an edited destination');
}

export async function everyViewInTheLightTheme({ open }) {
  const tab = await open('acme-bank tenant_admin');
  await everyView(tab, { forms: true });
  await tab.close();
}

export async function everyViewInTheDarkTheme({ open }) {
  const tab = await open('acme-bank tenant_admin', { scheme: 'dark' });
  await everyView(tab, { forms: true });
  await tab.close();
}

export async function everyViewOfAnOperatorOnANarrowScreen({ open }) {
  const tab = await open('acme-bank operator', { width: 360, height: 740 });
  await everyView(tab, { forms: false });
  await tab.close();
}

export async function auditorsOnlyRead({ open }) {
  const tab = await open('acme-bank auditor', { scheme: 'dark', width: 360, height: 740 });
  await everyView(tab, { forms: false });
  const words = /replay|discard|disable$|enable$|delete|edit|rotate|test event|save|new destination/i;
  for (const path of [`?destination=${branch}`, '/dead-letters', '/policy']) {
    await tab.go(path);
    for (const role of ['button', 'link']) {
      const names = await tab.page.getByRole(role, { name: words }).allTextContents();
      const controls = names.filter((name) => !['Disabled', 'Enabled', 'See why, and replay them'].includes(name));
      assert.deepEqual(controls, [], `controls of an auditor on ${path}`);
    }
  }
  await tab.close();
}

export async function operatorsSeeWhatIsNotTheirsAndWhy({ open }) {
  const tab = await open('acme-bank operator');
  await tab.go(`?destination=${branch}`);
  for (const name of ['Send test event', 'Edit', 'Retry policy', 'Enable', 'Delete', 'Rotate'])
    assert.ok(await tab.page.getByRole('button', { name, exact: true }).isDisabled(), `${name} is disabled`);
  await tab.page.getByText('These need a tenant admin; you are signed in as an operator.').first().waitFor();
  await tab.go('/dead-letters');
  assert.ok(await tab.page.getByRole('button', { name: 'Replay all that wait' }).isEnabled());
  await tab.go('/destinations/new');
  await tab.page.getByText('Your role may not change destinations').waitFor();
  await tab.close();
}
