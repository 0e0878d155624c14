import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { client, unwrap } from '../api/client';
import { deliveryQuery } from '../api/queries';
import type { Delivery } from '../api/types';
import { Action } from '../parts/Action';
import { Failure } from '../parts/Failure';
import { ReasonDialog } from '../parts/ReasonDialog';
import { useChange } from '../parts/use_change';

// What can be done with a delivery that waits, was delivered or failed. Its detail is loaded anew afterwards.
export function DeliveryActions({ delivery }: { delivery: Delivery }) {
  const path = { id: delivery.delivery_id };
  const [cancelling, setCancelling] = useState(false);
  const queries = useQueryClient();
  const moved = ({ state, held }: Pick<Delivery, 'state' | 'held'>) =>
    queries.setQueryData(
      deliveryQuery(delivery.delivery_id).queryKey,
      (now) => now && { ...now, state, held },
    );
  const retry = useChange(() => unwrap(client.POST('/deliveries/{id}:retry', { params: { path } })), moved);
  const resend = useChange(() => unwrap(client.POST('/deliveries/{id}:resend', { params: { path } })), moved);
  const cancel = useChange(
    (reason: string) => unwrap(client.POST('/deliveries/{id}:cancel', { params: { path }, body: { reason } })),
    (result) => {
      setCancelling(false);
      moved(result);
    },
  );
  const waits = delivery.state === 'pending' || delivery.state === 'retry_scheduled';
  const sent = delivery.state === 'delivered' || delivery.state === 'failed';
  return (
    <>
      {waits && delivery.held?.cause !== 'waits_for_order' && (
        <Action loading={retry.isPending} onClick={() => retry.mutate(undefined)}>
          Retry now
        </Action>
      )}
      {waits && (
        <Action
          onClick={() => {
            cancel.reset();
            setCancelling(true);
          }}
        >
          Cancel delivery
        </Action>
      )}
      {sent && (
        <Action loading={resend.isPending} onClick={() => resend.mutate(undefined)}>
          Send again
        </Action>
      )}
      {retry.problem && <Failure problem={retry.problem} />}
      {resend.problem && <Failure problem={resend.problem} />}
      <ReasonDialog
        title="Cancel this delivery"
        verb="Cancel delivery"
        opened={cancelling}
        busy={cancel.isPending}
        problem={cancel.problem}
        onClose={() => setCancelling(false)}
        onReason={(reason) => cancel.mutate(reason)}
      >
        <p>It is not sent any more: its state becomes failed, and its history and the audit trail keep who and why.</p>
      </ReasonDialog>
    </>
  );
}
