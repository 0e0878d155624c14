// playwright-core and axe-core lie where npm put them for the console: in the build tree.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

export function modulesOf(folder) {
  const require = createRequire(resolve(folder, 'package.json'));
  return {
    chromium: require('playwright-core').chromium,
    axe: readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8'),
  };
}
