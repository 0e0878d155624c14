import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { client, unwrap } from '../api/client';
import type { Destination } from '../api/types';
import { duration } from '../format/numbers';
import { Action } from '../parts/Action';
import { Dialog } from '../parts/Dialog';
import { Failure } from '../parts/Failure';
import { Loader } from '@mantine/core';
import { Notice } from '../parts/Notice';
import { Result } from '../parts/State';
import { useChange } from '../parts/use_change';

const patience = 10_000;

// An event of type oneprotect.test on the way that every event goes; its first attempt is waited for.
export function TestEvent({ destination }: { destination: Destination }) {
  const [opened, setOpened] = useState(false);
  const send = useChange(() =>
    unwrap(
      client.POST('/destinations/{id}:test', {
        params: { path: { id: destination.destination_id }, query: { wait_ms: patience } },
      }),
    ),
  );
  const attempt = send.data?.attempt;
  return (
    <>
      <Action
        disabled={!destination.enabled}
        onClick={() => {
          setOpened(true);
          send.mutate(undefined);
        }}
      >
        Send test event
      </Action>
      <Dialog title="Test event" opened={opened} onClose={() => setOpened(false)}>
        <div className="stack" aria-live="polite">
          {send.isPending && (
            <div className="row">
              <Loader size="xs" />
              <span>
                On its way to <bdi>{destination.name}</bdi>; waiting for the first attempt
              </span>
            </div>
          )}
          {send.problem && <Failure problem={send.problem} />}
          {send.data && (
            <>
              {attempt ? (
                <Notice kind={attempt.result === 'succeeded' ? 'good' : 'bad'} live={false}>
                  <p>
                    <Result result={attempt.result} />
                    {attempt.http_status !== null && `, HTTP ${attempt.http_status}`}, after{' '}
                    {duration(attempt.duration_ms)}
                  </p>
                  {attempt.error_summary && <p>{attempt.error_summary}</p>}
                  {attempt.response_summary && (
                    <p>
                      The receiver said: <code>{attempt.response_summary}</code>
                    </p>
                  )}
                </Notice>
              ) : (
                <Notice kind="warn" live={false}>
                  Within {duration(patience)} there was no attempt. It stays on record and is delivered like any other.
                </Notice>
              )}
              <Link to="/deliveries/$id" params={{ id: send.data.delivery_id }}>
                Follow this delivery
              </Link>
            </>
          )}
        </div>
      </Dialog>
    </>
  );
}
