import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useEffect, useState, type FormEvent } from 'react';
import { client, unwrap } from '../api/client';
import type { Destination } from '../api/types';
import { Dialog } from '../parts/Dialog';
import { Failure } from '../parts/Failure';
import { useChange } from '../parts/use_change';

export interface CredentialAct {
  kind: 'set' | 'rotate' | 'revoke';
  purpose: string;
  title: string;
  version?: number; // of a revocation; absent: all
}

const overlaps = [
  { value: '0', label: 'None: the old one ends at once' },
  { value: '3600000', label: '1 hour' },
  { value: '86400000', label: '24 hours' },
  { value: '604800000', label: '7 days' },
  { value: '2592000000', label: '30 days' },
];

const words = {
  set: { title: 'Set the credential', button: 'Set', text: 'It becomes the only version at once; earlier ones end.' },
  rotate: {
    title: 'Rotate the credential',
    button: 'Rotate',
    text: 'The new version is current at once. The old one signs beside it for the overlap, so that the receiver can change over.',
  },
  revoke: {
    title: 'Revoke the credential',
    button: 'Revoke',
    text: 'What is revoked signs nothing any more. Without a signing credential nothing is sent to this destination.',
  },
};

async function carryOut(id: string, act: CredentialAct, reference: string, overlapMs: number) {
  const path = { id, purpose: act.purpose };
  if (act.kind === 'set')
    return unwrap(client.PUT('/destinations/{id}/credentials/{purpose}', { params: { path }, body: { reference } }));
  if (act.kind === 'rotate')
    return unwrap(
      client.POST('/destinations/{id}/credentials/{purpose}:rotate', {
        params: { path },
        body: { reference, overlap_ms: overlapMs },
      }),
    );
  if (act.version === undefined)
    return unwrap(client.DELETE('/destinations/{id}/credentials/{purpose}', { params: { path } }));
  return unwrap(
    client.DELETE('/destinations/{id}/credentials/{purpose}/versions/{n}', {
      params: { path: { ...path, n: act.version } },
    }),
  );
}

export function CredentialDialog({
  destination,
  act,
  onClose,
}: {
  destination: Destination;
  act: CredentialAct | null;
  onClose: () => void;
}) {
  const [reference, setReference] = useState('');
  const [overlap, setOverlap] = useState('86400000');
  const change = useChange(
    () => (act ? carryOut(destination.destination_id, act, reference.trim(), Number(overlap)) : Promise.resolve(null)),
    onClose,
  );
  const { reset } = change;
  useEffect(() => {
    setReference('');
    reset();
  }, [act, reset]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate(undefined);
  };
  return (
    <Dialog title={act ? words[act.kind].title : ''} opened={act !== null} onClose={onClose}>
      {act && (
        <form className="stack" onSubmit={submit}>
          <p>
            {act.title} of <bdi>{destination.name}</bdi>
            {act.version !== undefined && `, version ${act.version}`}. {words[act.kind].text}
          </p>
          {act.kind !== 'revoke' && (
            <TextInput
              label="Reference to the secret"
              description="Write-only: it is checked and stored, and never shown again. Not the secret itself."
              placeholder="k8s://namespace/secret/key"
              autoComplete="off"
              spellCheck={false}
              required
              withAsterisk={false}
              value={reference}
              error={change.problem?.fields.find((field) => field.field === 'reference')?.message}
              onChange={(event) => setReference(event.currentTarget.value)}
            />
          )}
          {act.kind === 'rotate' && (
            <NativeSelect
              label="Overlap"
              value={overlap}
              data={overlaps}
              onChange={(event) => setOverlap(event.currentTarget.value)}
            />
          )}
          {change.problem && <Failure problem={change.problem} />}
          <div className="row">
            <Button
              type="submit"
              loading={change.isPending}
              disabled={act.kind !== 'revoke' && reference.trim() === ''}
            >
              {words[act.kind].button}
            </Button>
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  );
}
