// A tenant admin makes a destination, proves it, changes it, and takes it away again.
import assert from 'node:assert/strict';

const name =
  'أرشيف الحوادث — 監査・証跡 — Überwachung und Beweissicherung der Außenstelle mit einem sehr langen Namen, der nirgends Platz findet';

async function fill(page, label, text) {
  await page.getByRole('textbox', { name: label, exact: true }).fill(text);
}

export async function theLifeOfADestination({ open, demo }) {
  const tab = await open('acme-bank tenant_admin', { expected: [422] });
  const { page } = tab;
  const asked = [];
  page.on('request', (request) => request.method() === 'POST' && asked.push(request.url()));

  // Made: faults are found here, by the adapter's schema, before anything is sent.
  await page.getByRole('link', { name: 'New destination' }).click();
  await tab.settled();
  await page.getByRole('combobox', { name: 'Adapter' }).selectOption({ label: 'Generic HTTP webhook' });
  await fill(page, 'Name', name);
  await fill(page, 'Endpoint', 'receiver.example/no-scheme');
  await fill(page, 'Event types', 'alert.*\nNot A Type!');
  await fill(page, 'Body template', '{');
  await page.getByRole('button', { name: 'Create' }).click();
  await page.getByText('Not sent: something is wrong').waitFor();
  const faults = await page.getByRole('alert').textContent();
  for (const field of ['endpoint', 'event_types', 'config.template'])
    assert.ok(faults.includes(field), `${field} in ${faults}`);
  assert.deepEqual(asked, [], 'nothing was sent');
  await fill(page, 'Event types', 'oneprotect.none');
  await fill(page, 'Body template', '');
  await fill(page, 'Endpoint', 'http://10.1.2.3/guarded');
  await page.getByRole('button', { name: 'Create' }).click();
  await page.getByText('The content is not valid').or(page.getByText('Nothing was changed')).first().waitFor();
  await fill(page, 'Endpoint', `http://127.0.0.1:${demo.receiverPort}/healthy/acme-console`);
  await page.getByRole('button', { name: 'Add' }).click();
  await fill(page, 'Name 1', 'X-Console');
  await fill(page, 'Value 1', 'yes');
  await page.getByRole('button', { name: 'Create' }).click();
  await page.waitForURL(/destination=/);
  await page.getByRole('heading', { name }).waitFor();
  await tab.settled();
  await tab.judge('a long name in two directions');

  // Signed: a reference goes in and does not come out.
  await page.getByRole('button', { name: 'Set', exact: true }).click();
  await fill(page, 'Reference to the secret', 'local://acme-bank/signing/siem/1');
  await tab.page.getByRole('dialog').getByRole('button', { name: 'Set', exact: true }).click();
  await page.getByText('Version 1, current').waitFor();
  await page.getByRole('button', { name: 'Rotate', exact: true }).click();
  await fill(page, 'Reference to the secret', 'local://acme-bank/signing/tickets/1');
  await page.getByLabel('Overlap').selectOption({ label: '1 hour' });
  await page.getByRole('dialog').getByRole('button', { name: 'Rotate', exact: true }).click();
  await page.getByText('Version 2, current').waitFor();
  await page.getByText('signs beside the current one until').waitFor();
  await page.getByRole('button', { name: 'End version 1 now' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
  await page.getByText('Version 1 ·').waitFor({ state: 'detached' });

  // Proved.
  await page.getByRole('button', { name: 'Send test event' }).click();
  await page.getByText(/Succeeded.*HTTP 200/).waitFor();
  await tab.judge('the attempt of a test event');
  await page.keyboard.press('Escape');

  // Held up, let go, changed.
  await page.getByRole('button', { name: 'Disable', exact: true }).click();
  await fill(page, 'Reason', 'maintenance');
  await page.getByRole('dialog').getByRole('button', { name: 'Disable' }).click();
  await page.getByText('maintenance', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Enable', exact: true }).click();
  await page.getByText('maintenance', { exact: true }).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  await tab.settled();
  assert.equal(
    await page.getByRole('textbox', { name: 'Endpoint' }).inputValue(),
    '',
    'the endpoint does not come back',
  );
  assert.equal(await page.getByRole('textbox', { name: 'Name 1' }).inputValue(), 'X-Console');
  await fill(page, 'Name', 'Console test');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('heading', { name: 'Console test' }).waitFor();

  // Moved to another host: the secret does not follow by itself.
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  await fill(page, 'Endpoint', 'https://moved.example/hooks');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('A credential was put for another receiver: nothing is sent').waitFor();
  await tab.judge('an unbound credential');

  // Gone.
  await tab.settled();
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await page.waitForURL((url) => !url.search.includes('destination='));
  await tab.settled();
  assert.equal(await page.getByRole('link', { name: 'Console test' }).count(), 0);
  await tab.close();
}

export async function aPolicyShowsItsScheduleBeforeItIsSaved({ open }) {
  const tab = await open('acme-bank tenant_admin');
  const { page } = tab;
  await tab.go('/policy');
  await fill(page, 'Most attempts', '3');
  await fill(page, 'First wait, ms', '60000');
  await page.getByText('must be at least backoff_initial_ms and at most 86400000').waitFor();
  assert.ok(await page.getByRole('button', { name: 'Save' }).isDisabled());
  await fill(page, 'Longest wait, ms', '7200000');
  const schedule = page.getByRole('region', { name: 'Schedule of attempts' });
  await schedule.getByText('3 attempts over 3 min').waitFor();
  assert.equal(await schedule.locator('time').count(), 3);
  await tab.judge('a changed policy');
  await page.getByRole('button', { name: 'Save' }).click();
  await tab.settled();
  await page.reload();
  await tab.settled();
  assert.equal(await page.getByRole('textbox', { name: 'Most attempts' }).inputValue(), '3');
  await tab.close();
}
