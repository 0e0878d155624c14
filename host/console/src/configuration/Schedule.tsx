import { useState } from 'react';
import type { DeliveryPolicy } from '../api/types';
import { duration } from '../format/numbers';
import { clockOf, dateOf, isSameDay } from '../format/time';
import classes from './Configuration.module.css';
import { scheduleOf } from './schedule';

const mostShown = 25;

// When a delivery that fails now would be tried again.
export function Schedule({ policy }: { policy: DeliveryPolicy }) {
  const [start] = useState(() => new Date());
  const planned = scheduleOf(policy, start);
  const last = planned.at(-1)!;
  const whole = last.at.getTime() - start.getTime();
  return (
    <section className={classes.card} aria-label="Schedule of attempts">
      <h2>If a delivery failed from now on</h2>
      <p className="soft">
        {policy.max_attempts === 1
          ? 'It would not be tried again.'
          : `${policy.max_attempts} attempts over ${duration(whole)}. Each failing at once; every timeout adds up to ${duration(policy.timeout_ms)}.`}
      </p>
      <ol className={classes.schedule}>
        {planned.slice(0, mostShown).map(({ attempt, wait, at, early, late }) => (
          <li key={attempt}>
            <span className={classes.attempt}>{attempt}</span>
            <span>
              <time dateTime={at.toISOString()}>
                {isSameDay(at, start) ? 'today' : dateOf(at)}, {clockOf(at)}
              </time>
              {attempt > 1 && (
                <span className="soft">
                  {' '}
                  after {duration(wait)}
                  {late.getTime() - early.getTime() >= 1_000 &&
                    `, ± ${duration((late.getTime() - early.getTime()) / 2)}`}
                </span>
              )}
            </span>
          </li>
        ))}
      </ol>
      {planned.length > mostShown && <p className="soft">and {planned.length - mostShown} more.</p>}
      <p className="soft">
        {policy.dead_letter === 'never'
          ? 'Then it fails for good.'
          : 'Then it becomes a dead letter and waits for a person.'}
      </p>
    </section>
  );
}
