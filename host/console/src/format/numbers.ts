const whole = new Intl.NumberFormat('en-GB');

export const count = (value: number) => whole.format(value);

// At most three digits and a unit: 8 ms, 1.2 s, 12 min, 6 h, 2 d.
export function duration(ms: number): string {
  const units: [number, string][] = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'min'],
    [1_000, 's'],
  ];
  for (const [size, unit] of units)
    if (ms >= size) {
      const value = ms / size;
      return `${value < 10 ? Number(value.toFixed(1)) : Math.round(value)} ${unit}`;
    }
  return `${Math.round(ms)} ms`;
}

export const plural = (number: number, one: string, many = `${one}s`) =>
  `${count(number)} ${number === 1 ? one : many}`;
