import { Table } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { AuditRecord } from '../api/types';
import { Copy } from '../parts/Copy';
import { Empty } from '../parts/Empty';
import { Instant } from '../parts/Instant';
import { Reference } from '../parts/Reference';
import classes from './Audit.module.css';

// Where a target can be looked at.
function Target({ target }: { target: string }) {
  const at = target.indexOf(':');
  const kind = target.slice(0, at),
    id = target.slice(at + 1);
  const shown = <bdi>{id.length > 18 ? `${id.slice(0, 8)}…${id.slice(-4)}` : id}</bdi>;
  return (
    <span className={classes.target}>
      <span className="soft">{kind}</span>
      {kind === 'delivery' ? (
        <Link to="/deliveries/$id" params={{ id }} title={id} className={classes.id}>
          {shown}
        </Link>
      ) : kind === 'destination' ? (
        <Link to="/" search={{ destination: id }} title={id} className={classes.id}>
          {shown}
        </Link>
      ) : (
        <span title={id} className={classes.id}>
          {shown}
        </span>
      )}
      <Copy name={`${kind} id`} value={id} />
    </span>
  );
}

const uuid = /^[0-9a-f]{8}-[0-9a-f-]{27}$/;

// Ids in brief; the record as the API tells it stands in the title.
function Details({ record }: { record: AuditRecord }) {
  const parts = Object.entries(record.details).map(([name, value]) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return `${name} ${uuid.test(text) ? `${text.slice(0, 8)}…${text.slice(-4)}` : text}`;
  });
  return (
    <span className={classes.details} title={JSON.stringify(record.details, null, 1)}>
      {parts.join(', ')}
    </span>
  );
}

export function AuditTable({ records, filtered }: { records: AuditRecord[]; filtered: boolean }) {
  if (records.length === 0)
    return <Empty title={filtered ? 'No record passes the filters' : 'Nothing is on record yet'} />;
  return (
    <div className={classes.scroll}>
      <Table className={classes.table} verticalSpacing={0}>
        <caption className="unseen">Audit records, newest first</caption>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col" className={classes.number}>
              No.
            </Table.Th>
            <Table.Th scope="col">When</Table.Th>
            <Table.Th scope="col">Action</Table.Th>
            <Table.Th scope="col">Target</Table.Th>
            <Table.Th scope="col">Actor</Table.Th>
            <Table.Th scope="col">Correlation</Table.Th>
            <Table.Th scope="col">Details</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {records.map((record) => (
            <Table.Tr key={record.sequence}>
              <Table.Th scope="row" className={classes.number}>
                {record.sequence}
              </Table.Th>
              <Table.Td className={classes.when}>
                <Instant at={record.at} />
              </Table.Td>
              <Table.Td className={classes.when}>{record.action}</Table.Td>
              <Table.Td>
                <Target target={record.target} />
              </Table.Td>
              <Table.Td className={classes.actor}>
                {record.actor.kind === 'system' ? (
                  <span className="soft" title={record.actor.id}>
                    system
                  </span>
                ) : (
                  <>
                    <bdi>{record.actor.id}</bdi>
                    <span className={classes.second}>{record.actor.role ?? record.actor.kind}</span>
                  </>
                )}
              </Table.Td>
              <Table.Td>
                {record.correlation_id && (
                  <Reference
                    name="correlation id"
                    value={record.correlation_id}
                    brief
                    search={{ correlation_id: record.correlation_id }}
                  />
                )}
              </Table.Td>
              <Table.Td>
                <Details record={record} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
