import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';
import { compressed } from './bundling/compressed';
import { licences } from './bundling/licences';
import { mantineVariables } from './bundling/mantine_variables';

const fonts = ['ibm-plex-sans', 'ibm-plex-mono'].map((name) => resolve('node_modules/@fontsource', name, 'x'));

export default defineConfig({
  base: '/console/',
  plugins: [mantineVariables(), licences(fonts), compressed()],
  esbuild: { jsx: 'automatic', legalComments: 'none' },
  build: {
    outDir: process.env.OPI_CONSOLE_SITE ?? 'dist',
    emptyOutDir: true,
    assetsInlineLimit: 0, // the CSP takes no data: URLs
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 900,
    reportCompressedSize: false,
    rollupOptions: {
      onwarn(warning, warn) {
        if (warning.code !== 'MODULE_LEVEL_DIRECTIVE') warn(warning); // "use client" means nothing here
      },
    },
  },
  test: {
    environment: 'node', // files that need a page say so
    include: ['src/**/*.test.{ts,tsx}'],
    setupFiles: ['src/test_page.ts'],
    css: false,
    testTimeout: 30_000, // for a machine that is busy
  },
});
