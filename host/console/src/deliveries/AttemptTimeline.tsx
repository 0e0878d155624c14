import { Timeline } from '@mantine/core';
import { useState } from 'react';
import type { Attempt, Delivery } from '../api/types';
import { duration } from '../format/numbers';
import { resultWords, spelled } from '../format/words';
import { Facts } from '../parts/Facts';
import { GlyphRetry, IconDown } from '../parts/icons';
import { Instant } from '../parts/Instant';
import { Result, resultGlyph } from '../parts/State';
import classes from './AttemptTimeline.module.css';

function retryabilityOf(attempt: Attempt): string {
  if (attempt.result === 'succeeded' || attempt.result === 'continued') return 'Not needed';
  if (attempt.result === 'terminal') return 'No: trying again by itself cannot help';
  return attempt.result === 'interrupted' ? 'Yes: whether the receiver got it is unknown' : 'Yes';
}

function Next({
  attempt,
  follower,
  delivery,
}: {
  attempt: Attempt;
  follower: Attempt | undefined;
  delivery: Delivery;
}) {
  if (follower) {
    const wait = Date.parse(follower.started_at) - Date.parse(attempt.started_at) - attempt.duration_ms;
    return (
      <>
        <Instant at={follower.started_at} />, {duration(Math.max(0, wait))} later
      </>
    );
  }
  if (delivery.held?.cause === 'waits_for_order')
    return <>When the earlier delivery about the same subject has ended</>;
  if (delivery.held) return <>When the destination is held no more</>;
  if (delivery.due_at !== null) return <Instant at={delivery.due_at} />;
  return <>None: the delivery has ended</>;
}

function Details({
  attempt,
  follower,
  delivery,
}: {
  attempt: Attempt;
  follower: Attempt | undefined;
  delivery: Delivery;
}) {
  return (
    <Facts
      facts={[
        ['Started', <Instant key="s" at={attempt.started_at} />],
        ['Took', duration(attempt.duration_ms)],
        ['HTTP status', attempt.http_status ?? 'None: there was no answer'],
        ['Worth trying again', retryabilityOf(attempt)],
        ['Next attempt', <Next key="n" attempt={attempt} follower={follower} delivery={delivery} />],
        attempt.reason !== null && ['Reason', <code key="r">{attempt.reason}</code>],
        attempt.error_summary !== null && ['Error', attempt.error_summary],
        attempt.response_summary !== null && [
          'The receiver said (redacted)',
          <code key="b" className={classes.said} dir="auto">
            {attempt.response_summary}
          </code>,
        ],
      ]}
    />
  );
}

// The attempts in their order with the waits between them. Each opens to all that is on record of it; the last one is
// open from the start, because it tells how things stand.
export function AttemptTimeline({ attempts, delivery }: { attempts: Attempt[]; delivery: Delivery }) {
  const [turned, setTurned] = useState<number[]>([]);
  if (attempts.length === 0)
    return (
      <p className="soft">
        None yet
        {delivery.held?.cause === 'waits_for_order'
          ? ': an earlier delivery about the same ticket or alert comes first'
          : delivery.due_at !== null && !delivery.held
            ? ': it is waiting for its turn'
            : ''}
        .
      </p>
    );
  const last = attempts.length - 1;
  const waiting = delivery.state === 'retry_scheduled' && delivery.due_at !== null;
  return (
    <Timeline bulletSize={22} lineWidth={2} active={attempts.length} color="gray" className={classes.timeline}>
      {attempts.map((attempt, index) => {
        const isOpen = (index === last) !== turned.includes(index);
        const id = `attempt-${delivery.delivery_id}-${attempt.number}`;
        return (
          <Timeline.Item key={attempt.number} bullet={resultGlyph(attempt.result)} className={classes[attempt.result]}>
            <button
              type="button"
              className={classes.summary}
              aria-expanded={isOpen}
              aria-controls={id}
              onClick={() =>
                setTurned((now) => (now.includes(index) ? now.filter((one) => one !== index) : [...now, index]))
              }
            >
              <strong>Attempt {attempt.number}</strong>
              <Result result={attempt.result} />
              <span>
                {attempt.http_status !== null
                  ? `HTTP ${attempt.http_status}`
                  : attempt.reason
                    ? spelled(attempt.reason)
                    : ''}
              </span>
              <span className="soft">
                <Instant at={attempt.started_at} />, took {duration(attempt.duration_ms)}
              </span>
              <span className={classes.arrow} data-open={isOpen || undefined}>
                <IconDown size={14} />
              </span>
            </button>
            <div id={id} hidden={!isOpen} className={classes.details}>
              {isOpen && (
                <>
                  <p className="soft">{resultWords[attempt.result].meaning}</p>
                  <Details attempt={attempt} follower={attempts[index + 1]} delivery={delivery} />
                </>
              )}
            </div>
          </Timeline.Item>
        );
      })}
      {waiting && (
        <Timeline.Item bullet={<GlyphRetry size={13} />} className={classes.next}>
          <div className={classes.plain}>
            <strong>Attempt {attempts[last]!.number + 1}</strong>
            <span className="soft">
              {delivery.held ? (
                'when the destination is held no more'
              ) : (
                <>
                  scheduled for <Instant at={delivery.due_at!} />
                </>
              )}
            </span>
          </div>
        </Timeline.Item>
      )}
    </Timeline>
  );
}
