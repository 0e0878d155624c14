import { Button, Loader, Textarea } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { client, problemOf, unwrap } from '../api/client';
import type { DeadLetterFilter } from '../api/types';
import { count, plural } from '../format/numbers';
import { Dialog } from '../parts/Dialog';
import { Failure } from '../parts/Failure';
import { Notice } from '../parts/Notice';
import { useChange } from '../parts/use_change';

export type Move = 'replay' | 'discard';

const mostAtOnce = 1_000;
const words = {
  replay: {
    title: 'Replay dead letters',
    explanation:
      'Each is due at once under its old id and idempotency key, with the policy’s attempts once more. Those of a disabled destination wait until it is enabled.',
  },
  discard: {
    title: 'Discard dead letters',
    explanation: 'They are given up: their state becomes failed, and nothing brings them back.',
  },
};

interface Outcome {
  moved: number;
  matching: number;
  held: number;
}

async function carryOut(move: Move, filter: DeadLetterFilter, reason: string): Promise<Outcome> {
  if (move === 'replay') {
    const done = await unwrap(
      client.POST('/dead-letters:replay', { body: { filter, dry_run: false, limit: mostAtOnce } }),
    );
    return 'replayed' in done
      ? { moved: done.replayed, matching: done.matching, held: done.held_deliveries }
      : none(done.matching);
  }
  const done = await unwrap(
    client.POST('/dead-letters:discard', { body: { filter, dry_run: false, limit: mostAtOnce, reason } }),
  );
  return 'discarded' in done ? { moved: done.discarded, matching: done.matching, held: 0 } : none(done.matching);
}

const none = (matching: number): Outcome => ({ moved: 0, matching, held: 0 });

function Done({ move, outcome }: { move: Move; outcome: Outcome }) {
  const left = outcome.matching - outcome.moved;
  return (
    <Notice
      kind="good"
      title={`${plural(outcome.moved, 'dead letter')} ${move === 'replay' ? 'replayed' : 'discarded'}`}
    >
      {outcome.held > 0 && <p>{count(outcome.held)} of them wait for their destination, which is held.</p>}
      {left > 0 && (
        <p>
          {count(left)} that match are left: the oldest {count(mostAtOnce)} go at once.
        </p>
      )}
    </Notice>
  );
}

// Counts first, then acts: what `filter` matches is told before anything moves.
export function MoveDialog({
  move,
  filter,
  filterText,
  onClose,
}: {
  move: Move | null;
  filter: DeadLetterFilter;
  filterText: string;
  onClose: () => void;
}) {
  const [reason, setReason] = useState('');
  const dryRun = useMutation({
    mutationFn: async (wanted: Move) => {
      const body = { filter, dry_run: true };
      const counted =
        wanted === 'replay'
          ? await unwrap(client.POST('/dead-letters:replay', { body }))
          : await unwrap(client.POST('/dead-letters:discard', { body }));
      return counted.matching;
    },
  });
  const act = useChange(() => (move ? carryOut(move, filter, reason.trim()) : Promise.resolve(none(0))));
  const { mutate: ask } = dryRun;
  const { reset } = act;
  useEffect(() => {
    setReason('');
    reset();
    if (move) ask(move);
  }, [move, ask, reset]);

  const matching = dryRun.data ?? 0;
  return (
    <Dialog title={move ? words[move].title : ''} opened={move !== null} onClose={onClose}>
      {move && (
        <div className="stack">
          {dryRun.isPending && (
            <div className="row" role="status">
              <Loader size="xs" /> Counting what would move
            </div>
          )}
          {dryRun.error && <Failure problem={problemOf(dryRun.error)} retry={() => ask(move)} />}
          {dryRun.data !== undefined && !act.data && (
            <>
              <Notice kind="plain" title={`${plural(matching, 'dead letter')} ${matching === 1 ? 'matches' : 'match'}`}>
                {filterText}
                {matching > mostAtOnce && ` The oldest ${count(mostAtOnce)} of them move.`}
              </Notice>
              {matching > 0 && <p>{words[move].explanation}</p>}
              {move === 'discard' && matching > 0 && (
                <Textarea
                  label="Reason"
                  description="The audit trail keeps it with each of them."
                  rows={2}
                  maxLength={512}
                  value={reason}
                  onChange={(event) => setReason(event.currentTarget.value)}
                />
              )}
              {act.problem && <Failure problem={act.problem} />}
              <div className="row">
                {matching > 0 && (
                  <Button
                    loading={act.isPending}
                    disabled={move === 'discard' && reason.trim() === ''}
                    onClick={() => act.mutate(undefined)}
                  >
                    {move === 'replay' ? 'Replay' : 'Discard'} {count(Math.min(matching, mostAtOnce))}
                  </Button>
                )}
                <Button variant="default" onClick={onClose}>
                  {matching > 0 ? 'Cancel' : 'Close'}
                </Button>
              </div>
            </>
          )}
          {act.data && (
            <>
              <Done move={move} outcome={act.data} />
              <div>
                <Button variant="default" onClick={onClose}>
                  Close
                </Button>
              </div>
            </>
          )}
        </div>
      )}
    </Dialog>
  );
}
