import { convertCssVariables, defaultCssVariablesResolver, mergeMantineTheme, DEFAULT_THEME } from '@mantine/core';
import type { Plugin } from 'vite';
import { theme } from '../src/theme';

// Mantine writes a theme's variables into a <style> element at run time, which the page's CSP forbids; here they become
// a part of the stylesheet.
export function mantineVariables(): Plugin {
  const name = 'virtual:mantine-variables.css';
  return {
    name: 'mantine-variables',
    resolveId: (id) => (id === name ? `\0${name}` : undefined),
    load: (id) =>
      id === `\0${name}`
        ? convertCssVariables(defaultCssVariablesResolver(mergeMantineTheme(DEFAULT_THEME, theme)), ':root')
        : undefined,
  };
}
