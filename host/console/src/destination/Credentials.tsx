import { useState } from 'react';
import type { Adapter, Credential, Destination } from '../api/types';
import { postureWords } from '../format/words';
import { Action } from '../parts/Action';
import { Instant } from '../parts/Instant';
import { Offered } from '../session/Offered';
import { CredentialDialog, type CredentialAct } from './CredentialDialog';
import classes from './Destination.module.css';

function Version({ credential }: { credential: Credential }) {
  const posture = postureWords[credential.posture];
  return (
    <span>
      Version {credential.version}
      {credential.current ? ', current' : ''} · {credential.provider} ·{' '}
      <span className={posture.good ? undefined : classes.bad} title={posture.meaning}>
        {posture.word}
      </span>
      <span className="soft">
        {' '}
        · since <Instant at={credential.created_at} />
        {credential.expires_at && (
          <>
            {' '}
            · signs beside the current one until <Instant at={credential.expires_at} />
          </>
        )}
      </span>
      {credential.public_keys.map((key) => (
        <span key={key} className="soft">
          {' '}
          · public key <code>{key}</code>
        </span>
      ))}
      {credential.warning && <span className={classes.bad}> · {credential.warning}</span>}
    </span>
  );
}

// What the host itself uses, whatever the adapter.
const hostPurposes: Record<string, string> = {
  authorization: 'Secret of the authorization',
  client_certificate: 'TLS client certificate',
};

// References are write-only: what is shown is which provider holds a version and how it stands.
export function Credentials({ destination, adapter }: { destination: Destination; adapter: Adapter | undefined }) {
  const [act, setAct] = useState<CredentialAct | null>(null);
  const purposes = [
    ...new Set([
      ...(adapter?.credential_slots.map((slot) => slot.purpose) ?? []),
      ...(destination.authorization ? ['authorization'] : []),
      ...destination.credentials.map((credential) => credential.purpose),
      ...(destination.endpoint.scheme === 'https' ? ['client_certificate'] : []),
    ]),
  ];
  if (purposes.length === 0) return <p className="soft">Its adapter uses no credentials.</p>;
  return (
    <div className={classes.versions}>
      {purposes.map((purpose) => {
        const versions = destination.credentials.filter((credential) => credential.purpose === purpose);
        const title = adapter?.credential_slots.find((slot) => slot.purpose === purpose)?.title ?? hostPurposes[purpose] ?? purpose;
        return (
          <div key={purpose} className="stack">
            <strong>{title}</strong>
            {versions.length === 0 &&
              (purpose === 'client_certificate' ? (
                <span className="soft">None is shown</span>
              ) : (
                <span className={classes.bad}>There is none</span>
              ))}
            {versions.map((credential) => (
              <div key={credential.version} className={classes.version}>
                <Version credential={credential} />
              </div>
            ))}
            <div className="row no-print">
              <Offered right="configure">
                {versions.length > 0 && (
                  <Action onClick={() => setAct({ kind: 'rotate', purpose, title })}>Rotate</Action>
                )}
                <Action onClick={() => setAct({ kind: 'set', purpose, title })}>
                  {versions.length > 0 ? 'Replace' : 'Set'}
                </Action>
                {versions
                  .filter((credential) => !credential.current)
                  .map((credential) => (
                    <Action
                      key={credential.version}
                      onClick={() => setAct({ kind: 'revoke', purpose, title, version: credential.version })}
                    >
                      End version {credential.version} now
                    </Action>
                  ))}
                {versions.length > 0 && (
                  <Action onClick={() => setAct({ kind: 'revoke', purpose, title })}>Revoke all</Action>
                )}
              </Offered>
            </div>
          </div>
        );
      })}
      <CredentialDialog destination={destination} act={act} onClose={() => setAct(null)} />
    </div>
  );
}
