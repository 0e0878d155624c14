import { Button, Checkbox, NativeSelect, NumberInput, Textarea, TextInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { client, unwrap, type FieldError } from '../api/client';
import type { Adapter, Destination } from '../api/types';
import { Failure } from '../parts/Failure';
import { Notice } from '../parts/Notice';
import { useChange } from '../parts/use_change';
import { authorizationSettingOf } from './authorization_draft';
import { AuthorizationFields } from './AuthorizationFields';
import classes from './Configuration.module.css';
import { checkDraft, draftOf, typesOf, type Draft } from './destination_draft';
import { FilterField } from './FilterField';
import { errorAt, type ConfigSchema } from './json_schema';
import { SchemaFields } from './SchemaFields';

// The same members for a new destination and for a change; the daemon judges both by the same rules as this page does
// before it sends anything.
export function DestinationForm({
  adapters,
  existing,
  etag,
}: {
  adapters: Adapter[];
  existing?: Destination;
  etag?: string;
}) {
  const navigate = useNavigate();
  const [draft, setDraft] = useState<Draft>(() => draftOf(existing));
  const [faults, setFaults] = useState<FieldError[]>([]);
  const adapter = adapters.find((one) => one.adapter === draft.adapter);
  const schema = (adapter?.config_schema ?? { type: 'object' }) as ConfigSchema;
  const set = (change: Partial<Draft>) => setDraft((now) => ({ ...now, ...change }));

  const save = useChange(
    () => {
      const { endpoint, event_types, filter, ...rest } = draft;
      const members = {
        ...rest,
        event_types: typesOf(event_types),
        filter: filter.trim() === '' ? null : filter.trim(),
        name: draft.name.trim(),
        authorization: authorizationSettingOf(draft.authorization),
      };
      return existing
        ? unwrap(
            client.PUT('/destinations/{id}', {
              params: { path: { id: existing.destination_id }, header: { 'If-Match': etag ?? '*' } },
              body: { ...members, ...(endpoint.trim() ? { endpoint: endpoint.trim() } : {}) },
            }),
          )
        : unwrap(client.POST('/destinations', { body: { ...members, endpoint: endpoint.trim() } }));
    },
    (saved) => void navigate({ to: '/', search: { destination: saved.destination_id } }),
  );
  const errors = faults.length > 0 ? faults : (save.problem?.fields ?? []);
  const at = (field: string) => errorAt(errors, field);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.reset();
    const found = checkDraft(draft, schema, existing !== undefined);
    setFaults(found);
    if (found.length === 0) save.mutate(undefined);
  };

  return (
    <form className="stack" onSubmit={submit} noValidate>
      <TextInput
        label="Name"
        withAsterisk
        maxLength={200}
        value={draft.name}
        error={at('name')}
        onChange={(event) => set({ name: event.currentTarget.value })}
      />
      <NativeSelect
        label="Adapter"
        withAsterisk
        value={draft.adapter}
        error={at('adapter')}
        data={[
          ...(existing ? [] : [{ value: '', label: 'Choose an adapter', disabled: true }]),
          ...adapters.map((one) => ({ value: one.adapter, label: one.title })),
          ...(existing && !adapter ? [{ value: draft.adapter, label: `${draft.adapter} (not loaded)` }] : []),
        ]}
        onChange={(event) => {
          const chosen = event.currentTarget.value;
          set({
            adapter: chosen,
            config: {},
            order: adapters.find((one) => one.adapter === chosen)?.order ?? draft.order,
          });
        }}
      />
      <TextInput
        label="Endpoint"
        description={
          existing
            ? `Write-only. Now ${existing.endpoint.fingerprint}; it stays as it is if you leave this empty.`
            : 'Write-only: later only its fingerprint is shown.'
        }
        withAsterisk={!existing}
        placeholder="https://receiver.example/hooks"
        type="url"
        autoComplete="off"
        spellCheck={false}
        maxLength={2048}
        value={draft.endpoint}
        error={at('endpoint')}
        onChange={(event) => set({ endpoint: event.currentTarget.value })}
      />
      <Textarea
        label="Event types"
        description="One a line: types, prefixes such as alert.*, or * for all."
        withAsterisk
        rows={3}
        spellCheck={false}
        value={draft.event_types}
        error={at('event_types')}
        onChange={(event) => set({ event_types: event.currentTarget.value })}
      />
      <FilterField
        value={draft.filter}
        eventTypes={draft.event_types}
        errors={errors}
        onChange={(filter) => set({ filter })}
      />
      <Checkbox
        label="Sign every request"
        description="Without a signature a receiver cannot tell who sent a request."
        checked={draft.signing === 'required'}
        error={at('signing')}
        onChange={(event) => set({ signing: event.currentTarget.checked ? 'required' : 'disabled' })}
      />
      <Checkbox
        label="Keep the order of each ticket and alert"
        description="A delivery waits until the earlier ones about the same ticket or alert have ended."
        checked={draft.order === 'subject'}
        error={at('order')}
        onChange={(event) => set({ order: event.currentTarget.checked ? 'subject' : 'none' })}
      />
      <AuthorizationFields
        draft={draft.authorization}
        existing={existing?.authorization ?? null}
        errors={errors}
        onChange={(authorization) => set({ authorization })}
      />
      <div className={classes.two}>
        <NumberInput
          label="Requests at a time"
          description="1 to 1,000"
          hideControls
          value={draft.max_in_flight}
          error={at('max_in_flight')}
          onChange={(value) => set({ max_in_flight: Number(value) })}
        />
        <NumberInput
          label="Requests a second"
          description="0: no limit"
          hideControls
          value={draft.rate_limit_per_second}
          error={at('rate_limit_per_second')}
          onChange={(value) => set({ rate_limit_per_second: Number(value) })}
        />
      </div>
      {Object.keys(schema.properties ?? {}).length > 0 && (
        <SchemaFields
          key={draft.adapter}
          schema={schema}
          name="config"
          path="config"
          legend={`Configuration of the adapter ${adapter?.title ?? draft.adapter}`}
          value={draft.config}
          errors={errors}
          onChange={(config) => set({ config: config as Draft['config'] })}
        />
      )}
      {faults.length > 0 && (
        <Notice kind="bad" title="Not sent: something is wrong">
          {faults.map((fault) => (
            <p key={fault.field}>
              <code>{fault.field}</code> {fault.message}
            </p>
          ))}
        </Notice>
      )}
      {save.problem && <Failure problem={save.problem} />}
      {save.problem?.status === 412 && (
        <p className="soft">Somebody changed it meanwhile. Go back, look at it, and edit it again.</p>
      )}
      <div className="row">
        <Button type="submit" loading={save.isPending}>
          {existing ? 'Save' : 'Create'}
        </Button>
        <Button
          variant="default"
          onClick={() => void navigate({ to: '/', search: existing ? { destination: existing.destination_id } : {} })}
        >
          Cancel
        </Button>
      </div>
      {!existing && <p className="soft">Its credentials are set on the destination’s own page afterwards.</p>}
    </form>
  );
}
