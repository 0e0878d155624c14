import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'vite';

// The folder of the package that a module or font belongs to; null for the console's own.
function packageOf(file: string): string | null {
  const found = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file.replace(/^\0/, '').split('?')[0] ?? '');
  return found?.[1] && existsSync(join(found[1], 'package.json')) ? found[1] : null;
}

function noticeOf(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file ? readFileSync(join(folder, file), 'utf8').trim() : 'See the package.';
  return `${name} ${version} (${license})\n\n${text}\n`;
}

// What others wrote goes out with their terms: one text beside the page.
export function licences(fonts: string[]): Plugin {
  return {
    name: 'licences',
    apply: 'build',
    generateBundle() {
      const folders = new Set([...this.getModuleIds(), ...fonts].map(packageOf).filter((folder) => folder !== null));
      const notices = [...folders].sort().map(noticeOf);
      this.emitFile({ type: 'asset', fileName: 'third-party.txt', source: notices.join(`\n${'-'.repeat(80)}\n\n`) });
    },
  };
}
