import { NativeSelect } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo, type ReactNode } from 'react';
import { defaultPeriod, periodOf, periods } from '../api/period';
import { destinationsQuery, healthQuery } from '../api/queries';
import { DestinationDetail } from '../destination/DestinationDetail';
import { Loaded } from '../parts/Loaded';
import { Panes } from '../parts/Panes';
import { ActiveAlerts } from './ActiveAlerts';
import { DestinationList } from './DestinationList';
import { byUrgency, type Row } from './filters';
import { HealthStrip } from './HealthStrip';
import { OutcomeChart } from './OutcomeChart';
import classes from './Overview.module.css';

export function Overview(): ReactNode {
  const search = useSearch({ from: '/' });
  const navigate = useNavigate({ from: '/' });
  const period = periodOf(search.period);
  const health = useQuery(healthQuery(period));
  const list = useQuery(destinationsQuery);

  const rows = useMemo<Row[]>(() => {
    const numbers = new Map(health.data?.destinations.map((one) => [one.destination_id, one]));
    return (list.data?.destinations ?? [])
      .map((destination) => ({ destination, health: numbers.get(destination.destination_id) }))
      .sort(byUrgency);
  }, [health.data, list.data]);
  const set = (change: Partial<typeof search>) =>
    void navigate({ search: (now) => ({ ...now, page: undefined, ...change }), replace: true });

  return (
    <div className="stack">
      <div className="row spread">
        <h1>Delivery health</h1>
        <NativeSelect
          aria-label="Period"
          size="xs"
          value={period}
          data={Object.entries(periods).map(([value, { title }]) => ({ value, label: title }))}
          onChange={(event) =>
            set({ period: event.currentTarget.value === defaultPeriod ? undefined : event.currentTarget.value })
          }
        />
      </div>
      <Loaded query={health} rows={5}>
        {(data) => (
          <div className={classes.health} data-open={search.destination !== undefined || undefined}>
            <HealthStrip health={data} show={search.show} />
            <OutcomeChart health={data} />
          </div>
        )}
      </Loaded>

      <ActiveAlerts />
      <Panes
        chosen={search.destination}
        label="Destination"
        back="Destinations"
        onClose={() => set({ destination: undefined, page: search.page })}
        list={
          <DestinationList
            rows={rows}
            list={list}
            search={search}
            set={set}
            period={periods[period].title.toLowerCase()}
          />
        }
      >
        {search.destination && (
          <DestinationDetail
            key={search.destination}
            id={search.destination}
            health={rows.find((row) => row.destination.destination_id === search.destination)?.health}
          />
        )}
      </Panes>
    </div>
  );
}
