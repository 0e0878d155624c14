// @vitest-environment jsdom
import { afterEach, expect, test } from 'vitest';
import { takeTokenFromAddress } from './token_link';

afterEach(() => history.replaceState(null, '', '/'));

test('a token is taken and leaves the address', () => {
  history.replaceState(null, '', '/console/integrations?period=1h#token=opi_a-b_c');
  expect(takeTokenFromAddress()).toBe('opi_a-b_c');
  expect(location.href).toMatch(/\/console\/integrations\?period=1h$/);
  expect(takeTokenFromAddress()).toBeNull();
});

test('other fragments are left alone', () => {
  history.replaceState(null, '', '/console/integrations#view');
  expect(takeTokenFromAddress()).toBeNull();
  expect(location.hash).toBe('#view');
});

test('what cannot be decoded is no token, and leaves as well', () => {
  history.replaceState(null, '', '/console/integrations#token=%');
  expect(takeTokenFromAddress()).toBeNull();
  expect(location.hash).toBe('');
});
