// Operators send again and give up.
import assert from 'node:assert/strict';

export async function oneDeadLetterIsReplayed({ open }) {
  const tab = await open('acme-bank operator');
  const { page } = tab;
  await tab.go('/dead-letters?destination_id=0199f3a0-0000-7000-8000-0000000000a6');
  await page.locator('a[data-row]').first().click();
  await tab.settled();
  await page.getByRole('button', { name: 'Replay', exact: true }).click();
  await page.getByText('Parked: it waits for a person').waitFor({ state: 'detached' });
  await tab.settled();
  assert.equal(await page.locator('a[data-row]').count(), 3, 'it has left the list');
  await page
    .getByText(/Retry scheduled|Delivering/)
    .first()
    .waitFor();
  await tab.close();
}

export async function manyAreReplayedAfterACount({ open }) {
  const tab = await open('nordlicht-klinik operator');
  const { page } = tab;
  await tab.go('/dead-letters');
  await page.getByLabel('Destination').selectOption({ label: 'Meldestelle' });
  await page.waitForURL(/destination_id=/);
  await tab.settled();
  await page.getByRole('button', { name: 'Replay all that match' }).click();
  await page.getByText('3 dead letters match').waitFor();
  await tab.judge('the count before a replay');
  assert.equal(await page.locator('a[data-row]').count(), 3, 'counting moves nothing');
  await page.getByRole('button', { name: 'Replay 3' }).click();
  await page.getByText('3 dead letters replayed').waitFor();
  await tab.judge('what a replay came to');
  await page.getByRole('button', { name: 'Close' }).last().click();
  await tab.close();
}

export async function manyAreDiscardedWithAReason({ open }) {
  const tab = await open('nordlicht-klinik operator');
  const { page } = tab;
  await tab.go('/dead-letters');
  await page.getByLabel('Destination').selectOption({ label: 'Archiv' });
  await page.waitForURL(/destination_id=/);
  await tab.settled();
  await page.getByRole('button', { name: 'Discard all that match' }).click();
  await page.getByText('4 dead letters match').waitFor();
  const act = page.getByRole('button', { name: 'Discard 4' });
  assert.ok(await act.isDisabled(), 'not without a reason');
  await page.getByRole('textbox', { name: 'Reason' }).fill('handed over on paper');
  await act.click();
  await page.getByText('4 dead letters discarded').waitFor();
  await page.keyboard.press('Escape');
  await tab.go('/audit?action=dead_letter.discarded');
  await page.getByText('handed over on paper').first().waitFor();
  assert.equal(await page.locator('tbody tr').count(), 4);
  await tab.close();
}
