import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { client, unwrap } from '../api/client';
import { deliveryQuery } from '../api/queries';
import type { Delivery } from '../api/types';
import { Action } from '../parts/Action';
import { Failure } from '../parts/Failure';
import { ReasonDialog } from '../parts/ReasonDialog';
import { useChange } from '../parts/use_change';

// Replay and discard of one dead letter; what went to a destination that was deleted cannot be replayed. Its detail is loaded anew afterwards and shows what became of it.
export function DeadLetterActions({ delivery, replayable }: { delivery: Delivery; replayable: boolean }) {
  const path = { id: delivery.delivery_id };
  const [discarding, setDiscarding] = useState(false);
  const queries = useQueryClient();
  const moved = ({ state, held }: Pick<Delivery, 'state' | 'held'>) =>
    queries.setQueryData(
      deliveryQuery(delivery.delivery_id).queryKey,
      (now) => now && { ...now, state, held },
    );
  const replay = useChange(() => unwrap(client.POST('/dead-letters/{id}:replay', { params: { path } })), moved);
  const discard = useChange(
    (reason: string) => unwrap(client.POST('/dead-letters/{id}:discard', { params: { path }, body: { reason } })),
    (result) => {
      setDiscarding(false);
      moved(result);
    },
  );
  return (
    <>
      {replayable && (
        <Action variant="filled" loading={replay.isPending} onClick={() => replay.mutate(undefined)}>
          Replay
        </Action>
      )}
      <Action
        onClick={() => {
          discard.reset();
          setDiscarding(true);
        }}
      >
        Discard
      </Action>
      {replay.problem && <Failure problem={replay.problem} />}
      <ReasonDialog
        title="Discard this dead letter"
        verb="Discard"
        opened={discarding}
        busy={discard.isPending}
        problem={discard.problem}
        onClose={() => setDiscarding(false)}
        onReason={(reason) => discard.mutate(reason)}
      >
        <p>It is given up: its state becomes failed, and nothing brings it back. The audit trail keeps the reason.</p>
      </ReasonDialog>
    </>
  );
}
