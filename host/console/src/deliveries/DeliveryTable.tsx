import { Table } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { destinationsQuery } from '../api/queries';
import type { Delivery } from '../api/types';
import { spelled } from '../format/words';
import { Empty } from '../parts/Empty';
import { Instant } from '../parts/Instant';
import { StateOf } from '../parts/State';
import { walkRows } from '../parts/walk_rows';
import classes from './Deliveries.module.css';

// Names by id; a destination that was deleted has none any more.
export function useDestinationNames(): Map<string, string> {
  const list = useQuery(destinationsQuery);
  return new Map(list.data?.destinations.map((one) => [one.destination_id, one.name]));
}

// What a person would look for first: the ticket, alert or evidence; else the incident.
function subject(delivery: Delivery): string {
  return delivery.ticket_id ?? delivery.alert_id ?? delivery.evidence_id ?? delivery.correlation_id ?? '';
}

export function DeliveryTable({
  deliveries,
  chosen,
  filtered,
}: {
  deliveries: Delivery[];
  chosen: string | undefined;
  filtered: boolean;
}) {
  const names = useDestinationNames();
  const navigate = useNavigate({ from: '/deliveries' });
  if (deliveries.length === 0)
    return filtered ? (
      <Empty title="No delivery passes the filters">Take one away, or widen the time.</Empty>
    ) : (
      <Empty title="No deliveries yet">An event becomes one for each destination that subscribes to it.</Empty>
    );
  return (
    <div className={classes.scroll}>
      <Table
        className={classes.table}
        data-narrow={chosen !== undefined || undefined}
        verticalSpacing={0}
        onKeyDown={walkRows}
      >
        <caption className="unseen">Deliveries, newest first</caption>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">Event</Table.Th>
            <Table.Th scope="col">State</Table.Th>
            <Table.Th scope="col">Destination</Table.Th>
            <Table.Th scope="col">About</Table.Th>
            <Table.Th scope="col" className={`${classes.number} ${classes.spare}`}>
              Attempts
            </Table.Th>
            <Table.Th scope="col" className={classes.spare}>
              Last answer
            </Table.Th>
            <Table.Th scope="col">Accepted</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {deliveries.map((delivery) => {
            const id = delivery.delivery_id;
            return (
              <Table.Tr
                key={id}
                data-chosen={id === chosen || undefined}
                onClick={() => void navigate({ search: (now) => ({ ...now, delivery: id }) })}
              >
                <Table.Th scope="row">
                  <Link
                    to="/deliveries"
                    search={(now) => ({ ...now, delivery: id })}
                    data-row
                    aria-current={id === chosen ? 'true' : undefined}
                    activeProps={{ 'aria-current': id === chosen ? 'true' : undefined }}
                    onClick={(event) => event.stopPropagation()}
                  >
                    {delivery.event_type}
                  </Link>
                </Table.Th>
                <Table.Td>
                  <StateOf delivery={delivery} />
                </Table.Td>
                <Table.Td className={classes.destination}>
                  <bdi>{names.get(delivery.destination_id) ?? delivery.destination_id.slice(0, 8)}</bdi>
                </Table.Td>
                <Table.Td className={classes.about}>
                  <bdi>{subject(delivery)}</bdi>
                </Table.Td>
                <Table.Td className={`${classes.number} ${classes.spare}`}>{delivery.attempts}</Table.Td>
                <Table.Td className={classes.spare}>
                  {delivery.last_http_status !== null
                    ? `HTTP ${delivery.last_http_status}`
                    : delivery.last_reason
                      ? spelled(delivery.last_reason)
                      : ''}
                </Table.Td>
                <Table.Td className={classes.when}>
                  <Instant at={delivery.created_at} />
                </Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </div>
  );
}
