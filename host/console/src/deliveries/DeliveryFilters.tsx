import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { destinationsQuery, type DeliverySearch, type FilterName } from '../api/queries';
import { deliveryStates } from '../api/types';
import { stateWords } from '../format/words';
import { IconClose } from '../parts/icons';
import classes from './Deliveries.module.css';
import { localToRfc3339, rfc3339ToLocal } from './local_time';

const references = [
  { value: 'correlation_id', label: 'Correlation id' },
  { value: 'alert_id', label: 'Alert id' },
  { value: 'evidence_id', label: 'Evidence id' },
  { value: 'ticket_id', label: 'Ticket id' },
  { value: 'event_id', label: 'Event id' },
  { value: 'event_type', label: 'Event type' },
] satisfies { value: FilterName; label: string }[];

function Chips({ search, onChange }: { search: DeliverySearch; onChange: (next: DeliverySearch) => void }) {
  const chosen = search.state?.split(',') ?? [];
  return (
    <div className={classes.chips} role="group" aria-label="States">
      {deliveryStates.map((state) => (
        <button
          key={state}
          type="button"
          aria-pressed={chosen.includes(state)}
          onClick={() => {
            const next = deliveryStates.filter((one) => (one === state ? !chosen.includes(one) : chosen.includes(one)));
            onChange({ ...search, state: next.join(',') || undefined });
          }}
        >
          {stateWords[state]}
        </button>
      ))}
      <button
        type="button"
        aria-pressed={search.held === 'true'}
        onClick={() => onChange({ ...search, held: search.held === 'true' ? undefined : 'true' })}
      >
        Held
      </button>
    </div>
  );
}

// All filters work together and stand in the address.
export function DeliveryFilters({
  search,
  states = false,
  onChange,
}: {
  search: DeliverySearch;
  states?: boolean;
  onChange: (next: DeliverySearch) => void;
}) {
  const list = useQuery(destinationsQuery);
  const [name, setName] = useState<FilterName>('correlation_id');
  const [value, setValue] = useState('');
  const add = (event: FormEvent) => {
    event.preventDefault();
    if (value.trim() === '') return;
    onChange({ ...search, [name]: value.trim() });
    setValue('');
  };
  const set = references.filter((reference) => search[reference.value] !== undefined);
  const any = Object.values(search).some((one) => one !== undefined);
  return (
    <div className={`${classes.filters} no-print`}>
      {states && <Chips search={search} onChange={onChange} />}
      <div className={classes.fields}>
        <NativeSelect
          size="xs"
          aria-label="Destination"
          value={search.destination_id ?? ''}
          data={[
            { value: '', label: 'Every destination' },
            ...(list.data?.destinations ?? []).map((one) => ({ value: one.destination_id, label: one.name })),
            // An address may name several, or one that was deleted.
            ...(search.destination_id &&
            !list.data?.destinations.some((one) => one.destination_id === search.destination_id)
              ? [{ value: search.destination_id, label: search.destination_id }]
              : []),
          ]}
          onChange={(event) => onChange({ ...search, destination_id: event.currentTarget.value || undefined })}
        />
        <form onSubmit={add} className={classes.reference}>
          <NativeSelect
            size="xs"
            aria-label="Kind of reference"
            value={name}
            data={references}
            onChange={(event) => setName(event.currentTarget.value as FilterName)}
          />
          <TextInput
            size="xs"
            aria-label="Value of the reference"
            placeholder="Exact value"
            maxLength={128}
            value={value}
            onChange={(event) => setValue(event.currentTarget.value)}
          />
          <Button size="xs" type="submit" variant="default">
            Filter
          </Button>
        </form>
        <label className={classes.time}>
          <span>Accepted from</span>
          <input
            type="datetime-local"
            value={rfc3339ToLocal(search.created_from)}
            onChange={(event) => onChange({ ...search, created_from: localToRfc3339(event.currentTarget.value) })}
          />
        </label>
        <label className={classes.time}>
          <span>to</span>
          <input
            type="datetime-local"
            value={rfc3339ToLocal(search.created_to)}
            onChange={(event) => onChange({ ...search, created_to: localToRfc3339(event.currentTarget.value) })}
          />
        </label>
        {any && (
          <Button size="xs" variant="subtle" onClick={() => onChange({})}>
            Clear all
          </Button>
        )}
      </div>
      {set.length > 0 && (
        <ul className={classes.set} aria-label="Set filters">
          {set.map((reference) => (
            <li key={reference.value}>
              <button type="button" onClick={() => onChange({ ...search, [reference.value]: undefined })}>
                {reference.label} <strong className="wrap">{search[reference.value]}</strong>
                <IconClose size={12} />
                <span className="unseen">Take this filter away</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
