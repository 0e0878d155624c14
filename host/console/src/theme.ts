import { createTheme, type MantineColorsTuple } from '@mantine/core';

// Petrol: the one colour that means "you can act on this". What happened to deliveries has colours of its own, in
// styles/tokens.css.
const petrol: MantineColorsTuple = [
  '#e4f3f4',
  '#cfe8ea',
  '#9fd0d5',
  '#6bb7bf',
  '#41a1ab',
  '#24929d',
  '#0d8390',
  '#0a6f7b',
  '#0a6470',
  '#075059',
];

export const theme = createTheme({
  primaryColor: 'petrol',
  primaryShade: { light: 8, dark: 7 },
  colors: { petrol },
  fontFamily: "'IBM Plex Sans', system-ui, sans-serif",
  fontFamilyMonospace: "'IBM Plex Mono', ui-monospace, monospace",
  headings: { fontFamily: "'IBM Plex Sans', system-ui, sans-serif", fontWeight: '600' },
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.25rem' },
  defaultRadius: 'sm',
  autoContrast: true,
  cursorType: 'pointer',
  respectReducedMotion: true,
});
