import { Button, Textarea } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import type { ApiProblem } from '../api/client';
import { Dialog } from './Dialog';
import { Failure } from './Failure';

interface Props {
  title: string;
  verb: string;
  opened: boolean;
  busy: boolean;
  problem: ApiProblem | null | undefined;
  onClose: () => void;
  onReason: (reason: string) => void;
  children: ReactNode; // what it does
}

// Asks why, which the audit trail keeps.
export function ReasonDialog({ title, verb, opened, busy, problem, onClose, onReason, children }: Props) {
  const [reason, setReason] = useState('');
  return (
    <Dialog title={title} opened={opened} onClose={onClose}>
      <div className="stack">
        {children}
        <Textarea
          label="Reason"
          rows={2}
          maxLength={512}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          data-autofocus
        />
        {problem && <Failure problem={problem} />}
        <div className="row">
          <Button disabled={reason.trim() === ''} loading={busy} onClick={() => onReason(reason.trim())}>
            {verb}
          </Button>
          <Button variant="default" onClick={onClose}>
            Back
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
