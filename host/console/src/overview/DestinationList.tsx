import { Button, NativeSelect, TextInput } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { DestinationList as Loadable } from '../api/queries';
import { IconPlus, IconSearch } from '../parts/icons';
import { Loaded } from '../parts/Loaded';
import { offerOf } from '../session/permissions';
import { useSignedIn } from '../session/session';
import { DestinationTable } from './DestinationTable';
import { passes, showNames, showOf, showWords, toggled, type Row } from './filters';
import classes from './Overview.module.css';

const rowsOnPage = 100;

export interface ListSearch {
  show?: string;
  q?: string;
  adapter?: string;
  destination?: string;
  page?: string;
}

// Search, the six filters, and the destinations that pass them.
export function DestinationList({
  rows,
  list,
  search,
  set,
  period,
}: {
  rows: Row[];
  list: UseQueryResult<Loadable>;
  search: ListSearch;
  set: (change: ListSearch) => void;
  period: string;
}) {
  const offer = offerOf(useSignedIn().session.role, 'configure');
  const show = showOf(search.show);
  const found = rows.filter((row) => passes(row, show, search.q ?? '', search.adapter));
  const page = Math.max(1, Number(search.page) || 1);
  const adapters = [...new Set(rows.map(({ destination }) => destination.adapter))].sort();
  return (
    <>
      <div className="row spread">
        <h2 className={classes.title}>
          Destinations{' '}
          {list.data && (
            <span className="soft" role="status">
              {found.length === rows.length ? rows.length : `${found.length} of ${rows.length}`}
              {list.data.cut && ', more are not loaded'}
            </span>
          )}
        </h2>
        {offer === 'disabled' && (
          <span className="row no-print">
            <span className="soft">Needs a tenant admin:</span>
            <Button size="xs" variant="default" disabled>
              New destination
            </Button>
          </span>
        )}
        {offer === 'enabled' && (
          <Link to="/destinations/new" className={`${classes.add} no-print`}>
            <IconPlus size={14} /> New destination
          </Link>
        )}
      </div>
      <div className={`${classes.tools} no-print`}>
        <TextInput
          size="xs"
          type="search"
          aria-label="Search destinations by name"
          placeholder="Name"
          leftSection={<IconSearch size={14} />}
          value={search.q ?? ''}
          onChange={(event) => set({ q: event.currentTarget.value || undefined })}
        />
        {adapters.length > 1 && (
          <NativeSelect
            size="xs"
            aria-label="Adapter"
            value={search.adapter ?? ''}
            data={[{ value: '', label: 'Every adapter' }, ...adapters]}
            onChange={(event) => set({ adapter: event.currentTarget.value || undefined })}
          />
        )}
        <div className={classes.filters} role="group" aria-label="Filters">
          {showNames.map((name) => (
            <button
              key={name}
              type="button"
              className={classes.filter}
              aria-pressed={show.includes(name)}
              onClick={() => set({ show: toggled(show, name) })}
            >
              {showWords[name]}
            </button>
          ))}
        </div>
      </div>
      <Loaded query={list} rows={8}>
        {() => (
          <DestinationTable
            rows={found.slice((page - 1) * rowsOnPage, page * rowsOnPage)}
            none={rows.length === 0}
            chosen={search.destination}
            period={period}
            pages={Math.ceil(found.length / rowsOnPage)}
            page={page}
            onPage={(number) => set({ page: String(number) })}
            onClear={() => set({ show: undefined, q: undefined, adapter: undefined })}
          />
        )}
      </Loaded>
    </>
  );
}
