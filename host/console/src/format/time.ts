// Times are shown in the zone of whoever looks, to the second; the exact instant is in the element's title.
const date = new Intl.DateTimeFormat('en-GB', { day: '2-digit', month: 'short', year: 'numeric' });
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const short = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });

export const dateOf = (at: Date) => date.format(at);
export const clockOf = (at: Date) => clock.format(at);
export const minuteOf = (at: Date) => short.format(at);
export const isSameDay = (a: Date, b: Date) => a.toDateString() === b.toDateString();

// The clock alone for today, else with the date.
export function instant(at: Date, now = new Date()): string {
  return isSameDay(at, now) ? clockOf(at) : `${dateOf(at)}, ${clockOf(at)}`;
}
