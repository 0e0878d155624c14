// A ticket system that refuses a ticket: what comes for the same ticket waits, visibly, until somebody decides.
import { randomUUID } from 'node:crypto';

const ticket = 'TCK-CONSOLE-1';

function about(type) {
  return {
    event_id: randomUUID(),
    event_type: type,
    schema_version: '1.2',
    tenant_id: 'acme-bank',
    source: 'oneprotect.console-test',
    timestamp: new Date().toISOString(),
    correlation_id: 'inc-console-order',
    payload: { ticket_id: ticket, ticket: { title: 'Held' } },
  };
}

export async function aRefusedTicketHoldsWhatComesAfterIt({ open, demo }) {
  const tab = await open('acme-bank tenant_admin');
  const { page } = tab;
  const fill = (label, text) => page.getByRole('textbox', { name: label, exact: true }).fill(text);
  // Others receive everything as well.
  const delivery = (type) => page.getByRole('row').filter({ hasText: 'Ordered desk' }).getByRole('link', { name: type });
  const checkbox = page.getByRole('checkbox', { name: 'Keep the order of each ticket and alert' });

  // The form takes the order that the adapter asks for, and the authorization with what its scheme needs.
  await tab.go('/destinations/new');
  await page.getByRole('combobox', { name: 'Adapter' }).selectOption('zendesk');
  await checkbox.and(page.locator(':checked')).waitFor();
  await page.getByRole('combobox', { name: 'Adapter' }).selectOption('webhook');
  await checkbox.and(page.locator(':not(:checked)')).waitFor();
  await checkbox.check();
  await fill('Name', 'Ordered desk');
  await fill('Event types', 'console.order.*');
  await page.getByRole('checkbox', { name: 'Sign every request' }).uncheck();
  await page.getByRole('combobox', { name: 'Authorization' }).selectOption('basic');
  await page.getByRole('button', { name: 'Create' }).click();
  await page.getByText('Not sent: something is wrong').waitFor();
  await fill('User name', 'oneprotect');
  await tab.judge('a destination with order and authorization');
  await fill('Endpoint', `http://127.0.0.1:${demo.receiverPort}/rejecting/acme-console`);
  await page.getByRole('button', { name: 'Create' }).click();
  await page.getByRole('heading', { name: 'Ordered desk' }).waitFor();
  await page.getByText('Basic: user name and password, oneprotect').waitFor();
  const destination = new URL(page.url()).searchParams.get('destination');
  await page.getByText('Secret of the authorization').first().waitFor();
  await tab.go(`/destinations/${destination}/edit`);
  await page.getByRole('combobox', { name: 'Authorization' }).selectOption('');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('heading', { name: 'Ordered desk' }).waitFor();

  // The first is refused for good; the second waits behind it, and says so.
  await demo.publish('acme-bank', about('console.order.created'));
  await demo.publish('acme-bank', about('console.order.updated'));
  const list = `/deliveries?ticket_id=${ticket}`;
  await tab.go(list);
  for (let left = 50; left > 0 && (await page.getByText('Dead-lettered').count()) === 0; --left) {
    await page.waitForTimeout(200);
    await page.getByRole('button', { name: 'Refresh' }).click();
    await tab.settled();
  }
  await page.getByText('Waits for its turn, pending').waitFor();
  await tab.judge('a delivery that waits for its turn');
  await delivery('console.order.updated').click();
  await page.getByText('It waits for its turn', { exact: true }).waitFor();
  await page.getByText('None yet: an earlier delivery about the same ticket or alert comes first.').waitFor();
  await tab.judge('why a delivery waits');

  // Whoever discards the dead letter lets it go.
  await page.getByRole('link', { name: 'Show it' }).click();
  await page.getByRole('heading', { name: 'console.order.created' }).waitFor();
  await page.getByRole('button', { name: 'Discard' }).click();
  await fill('Reason', 'made by hand');
  await page.getByRole('dialog').getByRole('button', { name: 'Discard' }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  for (let left = 50; left > 0; --left) {
    await tab.go(list);
    if ((await page.getByText('Waits for its turn').count()) === 0) break;
    await page.waitForTimeout(200);
  }
  await page.getByText('Waits for its turn').waitFor({ state: 'detached' });
  await tab.close();
}
