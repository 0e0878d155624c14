// @vitest-environment jsdom
import { MantineProvider } from '@mantine/core';
import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import type { Attempt, Delivery } from '../api/types';
import { AttemptTimeline } from './AttemptTimeline';

const attempt = (number: number, members: Partial<Attempt> = {}): Attempt => ({
  number,
  started_at: `2026-01-01T00:0${number}:00.000Z`,
  duration_ms: 1_200,
  result: 'retryable',
  http_status: 503,
  reason: 'http_503',
  error_summary: null,
  response_summary: null,
  ...members,
});
const delivery = (members: Partial<Delivery> = {}) =>
  ({ delivery_id: 'd', state: 'dead_lettered', held: null, due_at: null, ...members }) as Delivery;
const disabled = { cause: 'disabled', since: null, until: null, remedy: 'Enable it.', detail: null } as const;
const show = (attempts: Attempt[], of: Delivery) =>
  render(
    <MantineProvider>
      <AttemptTimeline attempts={attempts} delivery={of} />
    </MantineProvider>,
  );
const expanded = (name: RegExp) => screen.getByRole('button', { name }).getAttribute('aria-expanded');

test('the last attempt is open, the others open at a click', async () => {
  show([attempt(1), attempt(2, { result: 'terminal', response_summary: '<b>no</b>' })], delivery());
  expect(expanded(/Attempt 1/)).toBe('false');
  expect(expanded(/Attempt 2/)).toBe('true');
  expect(screen.getByText('<b>no</b>')).toBeTruthy(); // a receiver's words are text
  expect(screen.getByText('None: the delivery has ended')).toBeTruthy();
  await userEvent.click(screen.getByRole('button', { name: /Attempt 1/ }));
  expect(screen.getByText(/59 s later/)).toBeTruthy();
  await userEvent.click(screen.getByRole('button', { name: /Attempt 2/ }));
  expect(expanded(/Attempt 2/)).toBe('false');
});

test('a scheduled retry is shown as what comes next', () => {
  show([attempt(1)], delivery({ state: 'retry_scheduled', due_at: '2026-01-01T00:05:00.000Z' }));
  expect(screen.getByText('Attempt 2')).toBeTruthy();
  expect(screen.getByText(/scheduled for/)).toBeTruthy();
});

test('a held one waits for its destination', () => {
  show([attempt(1)], delivery({ state: 'retry_scheduled', held: disabled, due_at: '2026-01-01T00:05:00.000Z' }));
  expect(screen.getByText('when the destination is held no more')).toBeTruthy();
});
