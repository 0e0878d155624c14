import { Button, Textarea } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { client, unwrap } from '../api/client';
import { deliveryQuery } from '../api/queries';
import type { Delivery } from '../api/types';
import { Action } from '../parts/Action';
import { Dialog } from '../parts/Dialog';
import { Failure } from '../parts/Failure';
import { useChange } from '../parts/use_change';

// Replay and discard of one dead letter. Its detail is loaded anew afterwards and shows what became of it.
export function DeadLetterActions({ delivery }: { delivery: Delivery }) {
  const path = { id: delivery.delivery_id };
  const [discarding, setDiscarding] = useState(false);
  const [reason, setReason] = useState('');
  const queries = useQueryClient();
  const moved = ({ state, held }: Pick<Delivery, 'state' | 'held'>) =>
    queries.setQueryData(
      deliveryQuery(delivery.delivery_id).queryKey,
      (now) => now && { ...now, state, held },
    );
  const replay = useChange(() => unwrap(client.POST('/dead-letters/{id}:replay', { params: { path } })), moved);
  const discard = useChange(
    () => unwrap(client.POST('/dead-letters/{id}:discard', { params: { path }, body: { reason: reason.trim() } })),
    (result) => {
      setDiscarding(false);
      moved(result);
    },
  );
  return (
    <>
      <Action variant="filled" loading={replay.isPending} onClick={() => replay.mutate(undefined)}>
        Replay
      </Action>
      <Action
        onClick={() => {
          discard.reset();
          setReason('');
          setDiscarding(true);
        }}
      >
        Discard
      </Action>
      {replay.problem && <Failure problem={replay.problem} />}
      <Dialog title="Discard this dead letter" opened={discarding} onClose={() => setDiscarding(false)}>
        <div className="stack">
          <p>It is given up: its state becomes failed, and nothing brings it back. The audit trail keeps the reason.</p>
          <Textarea
            label="Reason"
            rows={2}
            maxLength={512}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
            data-autofocus
          />
          {discard.problem && <Failure problem={discard.problem} />}
          <div className="row">
            <Button
              disabled={reason.trim() === ''}
              loading={discard.isPending}
              onClick={() => discard.mutate(undefined)}
            >
              Discard
            </Button>
            <Button variant="default" onClick={() => setDiscarding(false)}>
              Cancel
            </Button>
          </div>
        </div>
      </Dialog>
    </>
  );
}
