import { Button, Textarea } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { client, unwrap } from '../api/client';
import { waitingQuery } from '../api/queries';
import type { Destination } from '../api/types';
import { Action } from '../parts/Action';
import { plural } from '../format/numbers';
import { Dialog } from '../parts/Dialog';
import { Failure } from '../parts/Failure';
import { useChange } from '../parts/use_change';
import { TestEvent } from './TestEvent';

// For whom configures: what can be done with a destination.
export function DestinationActions({ destination, etag }: { destination: Destination; etag: string }) {
  const navigate = useNavigate();
  const id = destination.destination_id;
  const [asking, setAsking] = useState<'disable' | 'delete' | null>(null);
  const [reason, setReason] = useState('');
  const seen = { path: { id }, header: { 'If-Match': etag } };
  const close = () => setAsking(null);
  const enable = useChange(() => unwrap(client.POST('/destinations/{id}:enable', { params: seen })));
  const disable = useChange(
    () => unwrap(client.POST('/destinations/{id}:disable', { params: seen, body: { reason: reason.trim() } })),
    close,
  );
  const live = useQuery({ ...waitingQuery(id), enabled: asking === 'delete' });
  const waiting = live.data?.matching ?? 0;
  const query = waiting > 0 ? { cancel_waiting: waiting } : {};
  const remove = useChange(
    () => unwrap(client.DELETE('/destinations/{id}', { params: { ...seen, query } })),
    () => void navigate({ to: '/', search: {} }),
  );
  const open = (what: 'disable' | 'delete') => {
    disable.reset();
    remove.reset();
    setReason('');
    setAsking(what);
  };
  return (
    <div className="stack no-print">
      <div className="row">
        <TestEvent destination={destination} />
        <Action onClick={() => void navigate({ to: '/destinations/$id/edit', params: { id } })}>Edit</Action>
        <Action onClick={() => void navigate({ to: '/policy', search: { destination: id } })}>Retry policy</Action>
        {destination.enabled ? (
          <Action onClick={() => open('disable')}>Disable</Action>
        ) : (
          <Action loading={enable.isPending} onClick={() => enable.mutate(undefined)}>
            Enable
          </Action>
        )}
        <Action onClick={() => open('delete')}>Delete</Action>
      </div>
      {enable.problem && <Failure problem={enable.problem} />}
      <Dialog title="Disable the destination" opened={asking === 'disable'} onClose={close}>
        <div className="stack">
          <p>Nothing is sent while it is disabled. What is due waits, and goes out when it is enabled.</p>
          <Textarea
            label="Reason"
            description="Everybody who looks at it reads this, and the audit trail keeps it."
            maxLength={512}
            autosize={false}
            rows={2}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
            data-autofocus
          />
          {disable.problem && <Failure problem={disable.problem} />}
          <div className="row">
            <Button
              disabled={reason.trim() === ''}
              loading={disable.isPending}
              onClick={() => disable.mutate(undefined)}
            >
              Disable
            </Button>
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
          </div>
        </div>
      </Dialog>
      <Dialog title="Delete the destination" opened={asking === 'delete'} onClose={close}>
        <div className="stack">
          <p>
            <bdi>{destination.name}</bdi> goes with its credentials and its policy. What was delivered stays on record.
            While an attempt is under way it cannot be deleted.
          </p>
          {waiting > 0 && (
            <p>
              <strong>What waits for it is cancelled with it: {plural(waiting, 'delivery', 'deliveries')}.</strong>
            </p>
          )}
          {remove.problem && <Failure problem={remove.problem} />}
          <div className="row">
            <Button color="red.9" loading={remove.isPending} onClick={() => remove.mutate(undefined)}>
              {waiting > 0 ? `Cancel ${waiting} and delete` : 'Delete'}
            </Button>
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
          </div>
        </div>
      </Dialog>
    </div>
  );
}
