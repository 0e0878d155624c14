import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useState, type FormEvent, type ReactNode } from 'react';
import { problemOf } from '../api/client';
import { auditQuery, chainQuery, type AuditSearch } from '../api/queries';
import { count } from '../format/numbers';
import { Copy } from '../parts/Copy';
import { Failure } from '../parts/Failure';
import { Loaded } from '../parts/Loaded';
import { Notice } from '../parts/Notice';
import { Pager, trailOf, trailText } from '../parts/Pager';
import { AuditTable } from './AuditTable';
import { auditActions } from './actions';
import classes from './Audit.module.css';
import { exportAudit } from './export_audit';

function Chain() {
  const query = useQuery(chainQuery);
  return (
    <Loaded query={query} rows={2}>
      {(chain) => (
        <Notice
          kind={chain.holds ? 'good' : 'bad'}
          title={chain.holds ? 'The chain holds' : 'The chain does not hold'}
          live={false}
        >
          {chain.fault && <p>{chain.fault}</p>}
          <p>
            {count(chain.records)} records; the last {count(chain.checked)} were checked when this page was loaded.
          </p>
          <p className="row">
            <span>
              Head <code>{chain.head_hash.slice(0, 16)}…</code>
            </span>
            <Copy name="head hash" value={chain.head_hash} />
            <span>
              Exports are signed with <code>{chain.export_public_key.slice(0, 12)}…</code>
            </span>
            <Copy name="public key of exports" value={chain.export_public_key} />
          </p>
        </Notice>
      )}
    </Loaded>
  );
}

function Filters({ search, onChange }: { search: AuditSearch; onChange: (next: AuditSearch) => void }) {
  const [draft, setDraft] = useState<AuditSearch>(search);
  useEffect(() => setDraft(search), [search.target, search.actor_id, search.correlation_id, search.event_id, search.alert_id]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onChange({
      action: search.action,
      target: draft.target?.trim() || undefined,
      actor_id: draft.actor_id?.trim() || undefined,
      correlation_id: draft.correlation_id?.trim() || undefined,
      event_id: draft.event_id?.trim() || undefined,
      alert_id: draft.alert_id?.trim() || undefined,
    });
  };
  const field = (name: Exclude<keyof AuditSearch, 'action'>, label: string, placeholder: string) => (
    <TextInput
      size="xs"
      label={label}
      placeholder={placeholder}
      maxLength={256}
      value={draft[name] ?? ''}
      onChange={(event) => {
        const value = event.currentTarget.value;
        setDraft((now) => ({ ...now, [name]: value }));
      }}
    />
  );
  return (
    <form className={`${classes.filters} no-print`} onSubmit={submit}>
      <NativeSelect
        size="xs"
        label="Action"
        value={search.action ?? ''}
        data={[{ value: '', label: 'Every action' }, ...auditActions]}
        onChange={(event) => onChange({ ...search, action: event.currentTarget.value || undefined })}
      />
      {field('target', 'Target', 'delivery:018f…')}
      {field('actor_id', 'Actor', 'opi_AbCdEfGh')}
      {field('correlation_id', 'Correlation id', 'inc-7')}
      {field('event_id', 'Event', 'alert-A-1-created')}
      {field('alert_id', 'Alert', 'A-1')}
      <Button size="xs" type="submit" variant="default">
        Filter
      </Button>
      {Object.values(search).some((value) => value !== undefined) && (
        <Button size="xs" variant="subtle" onClick={() => onChange({})}>
          Clear all
        </Button>
      )}
    </form>
  );
}

function Export() {
  const queries = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const run = async () => {
    setBusy(true);
    setFailure(null);
    try {
      await exportAudit();
      await queries.refetchQueries({ queryKey: ['audit'], type: 'active' }); // the export is a record itself
      await queries.refetchQueries({ queryKey: ['audit-chain'], type: 'active' });
    } catch (failed) {
      setFailure(failed);
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="no-print">
      <Button size="xs" variant="default" loading={busy} onClick={() => void run()}>
        Export, signed
      </Button>
      {failure !== null && <Failure problem={problemOf(failure)} />}
    </div>
  );
}

export function AuditView(): ReactNode {
  const { trail: trailed, ...search } = useSearch({ from: '/audit' });
  const navigate = useNavigate({ from: '/audit' });
  const trail = trailOf(trailed);
  const query = useQuery(auditQuery(search, trail.at(-1)));
  return (
    <div className="stack">
      <div className="row spread">
        <h1>Audit</h1>
        <Export />
      </div>
      <Chain />
      <Filters search={search} onChange={(next) => void navigate({ search: next })} />
      <Loaded query={query} rows={10}>
        {({ records, next_cursor }) => (
          <>
            <AuditTable records={records} filtered={Object.keys(search).length > 0} />
            <Pager
              trail={trail}
              next={next_cursor}
              shown={records.length}
              onMove={(moved) => void navigate({ search: (now) => ({ ...now, trail: trailText(moved) }) })}
            />
          </>
        )}
      </Loaded>
    </div>
  );
}
