// The pictures of README and documents.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

const vault = '0199f3a0-0000-7000-8000-0000000000a6';

export async function takeScreenshots(browser, folder) {
  mkdirSync(folder, { recursive: true });
  const take = async (tab, name) => {
    await tab.settled();
    await tab.page.evaluate(() => document.fonts.ready);
    await tab.page.waitForTimeout(300); // for what fades in
    await tab.page.screenshot({ path: join(folder, `${name}.png`) });
    console.log(`  took    ${name}`);
  };
  const light = await browser.open('acme-bank tenant_admin', { width: 1280, height: 800 });
  await light.go(`?period=1h&destination=${vault}`);
  await take(light, 'health');
  await light.go('/dead-letters');
  await light.page.locator('a[data-row]').first().click();
  await light.settled();
  await take(light, 'dead-letters');
  await light.go('/policy');
  await take(light, 'policy');
  await light.close();
  const dark = await browser.open('acme-bank operator', { width: 1280, height: 800, scheme: 'dark' });
  await dark.go('?period=1h');
  await take(dark, 'health-dark');
  await dark.go('/deliveries?state=dead_lettered');
  await dark.page.locator('a[data-row]').first().click();
  await dark.settled();
  await take(dark, 'delivery-dark');
  await dark.close();
  const narrow = await browser.open('acme-bank auditor', { width: 360, height: 740 });
  await narrow.go('');
  await take(narrow, 'health-narrow');
  await narrow.close();
}
