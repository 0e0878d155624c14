export const periods = {
  '1h': { title: 'Last hour', ms: 3_600_000 },
  '24h': { title: 'Last 24 hours', ms: 86_400_000 },
  '7d': { title: 'Last 7 days', ms: 7 * 86_400_000 },
  '30d': { title: 'Last 30 days', ms: 30 * 86_400_000 },
  '365d': { title: 'Last year', ms: 365 * 86_400_000 },
} as const;
export type PeriodName = keyof typeof periods;
export const defaultPeriod: PeriodName = '24h';

export function periodOf(text: string | undefined): PeriodName {
  return text !== undefined && Object.hasOwn(periods, text) ? (text as PeriodName) : defaultPeriod;
}
