import type { ReactNode } from 'react';
import type { Attempt, Delivery, DeliveryState } from '../api/types';
import { resultWords, stateWords } from '../format/words';
import { GlyphDead, GlyphDelivered, GlyphDelivering, GlyphFailed, GlyphHeld, GlyphPending, GlyphRetry } from './icons';
import classes from './parts.module.css';

const stateGlyphs: Record<DeliveryState, ReactNode> = {
  pending: <GlyphPending size={13} />,
  delivering: <GlyphDelivering size={13} />,
  delivered: <GlyphDelivered size={13} />,
  retry_scheduled: <GlyphRetry size={13} />,
  failed: <GlyphFailed size={13} />,
  dead_lettered: <GlyphDead size={13} />,
};

export function State({ state }: { state: DeliveryState }) {
  return (
    <span className={`${classes.state} ${classes[state]}`}>
      {stateGlyphs[state]}
      <span>{stateWords[state]}</span>
    </span>
  );
}

// A held delivery is live, but something keeps it: to a person that it waits matters more than its state.
export function StateOf({ delivery }: { delivery: Pick<Delivery, 'state' | 'held'> }) {
  if (!delivery.held) return <State state={delivery.state} />;
  return (
    <span className={`${classes.state} ${classes.pending}`}>
      <GlyphHeld size={13} />
      <span>
        {delivery.held.cause === 'waits_for_order' ? 'Waits for its turn' : 'Held'}, {stateWords[delivery.state].toLowerCase()}
      </span>
    </span>
  );
}

const resultLook: Record<Attempt['result'], [ReactNode, string | undefined]> = {
  succeeded: [<GlyphDelivered size={13} key="s" />, classes.delivered],
  retryable: [<GlyphRetry size={13} key="r" />, classes.retry_scheduled],
  terminal: [<GlyphFailed size={13} key="t" />, classes.failed],
  interrupted: [<GlyphHeld size={13} key="i" />, classes.retry_scheduled],
  continued: [<GlyphDelivered size={13} key="c" />, classes.pending],
};

export const resultGlyph = (result: Attempt['result']) => resultLook[result][0];

export function Result({ result }: { result: Attempt['result'] }) {
  return (
    <span className={`${classes.state} ${resultLook[result][1]}`} title={resultWords[result].meaning}>
      {resultLook[result][0]}
      <span>{resultWords[result].word}</span>
    </span>
  );
}
