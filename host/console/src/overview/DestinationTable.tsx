import { Button, Table } from '@mantine/core';
import { Link, useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { count } from '../format/numbers';
import { holdWords, postureWords } from '../format/words';
import { Empty } from '../parts/Empty';
import { Instant } from '../parts/Instant';
import { State } from '../parts/State';
import { walkRows } from '../parts/walk_rows';
import type { Row } from './filters';
import classes from './Overview.module.css';

interface Props {
  rows: Row[];
  none: boolean; // the tenant has no destination at all
  chosen: string | undefined;
  period: string;
  page: number;
  pages: number;
  onPage: (page: number) => void;
  onClear: () => void;
}

function Figure({ value, tone, title }: { value: number | undefined; tone: string; title: string }): ReactNode {
  return (
    <Table.Td className={classes.number} data-label={title}>
      <span className={value ? classes[tone] : classes.none}>{count(value ?? 0)}</span>
    </Table.Td>
  );
}

export function DestinationTable({ rows, none, chosen, period, page, pages, onPage, onClear }: Props) {
  const navigate = useNavigate({ from: '/' });
  if (none)
    return (
      <Empty title="No destination yet">
        Events are delivered to destinations; a tenant admin creates the first one.
      </Empty>
    );
  if (rows.length === 0)
    return (
      <Empty title="No destination passes the filters">
        <Button size="xs" variant="default" mt="xs" onClick={onClear}>
          Show all
        </Button>
      </Empty>
    );
  return (
    <>
      <div className={classes.scroll}>
        <Table
          className={classes.table}
          data-narrow={chosen !== undefined || undefined}
          verticalSpacing={0}
          onKeyDown={walkRows}
        >
          <caption className="unseen">
            Destinations; those that need a person come first. Counts of the {period}.
          </caption>
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">Name</Table.Th>
              <Table.Th scope="col">Status</Table.Th>
              <Table.Th scope="col" className={classes.spare}>
                Credentials
              </Table.Th>
              <Table.Th scope="col">Last result</Table.Th>
              <Table.Th scope="col" className={classes.number}>
                Delivered
              </Table.Th>
              <Table.Th scope="col" className={classes.number}>
                Retrying
              </Table.Th>
              <Table.Th scope="col" className={classes.number}>
                Failed
              </Table.Th>
              <Table.Th scope="col" className={classes.number}>
                Dead letters
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map(({ destination, health }) => {
              const id = destination.destination_id;
              const posture = postureWords[destination.credential_posture];
              return (
                <Table.Tr
                  key={id}
                  data-chosen={id === chosen || undefined}
                  onClick={() => void navigate({ search: (now) => ({ ...now, destination: id }) })}
                >
                  <Table.Th scope="row" className={classes.nameCell}>
                    <Link
                      to="/"
                      search={(now) => ({ ...now, destination: id })}
                      data-row
                      aria-current={id === chosen ? 'true' : undefined}
                      activeProps={{ 'aria-current': id === chosen ? 'true' : undefined }}
                      onClick={(event) => event.stopPropagation()}
                    >
                      <bdi>{destination.name}</bdi>
                    </Link>
                    <span className={classes.adapter}>{destination.adapter}</span>
                  </Table.Th>
                  <Table.Td data-label="Status">
                    {destination.held ? (
                      <strong title={destination.held.remedy}>{holdWords[destination.held.cause]}</strong>
                    ) : (
                      'Enabled'
                    )}
                    {(health?.held_deliveries ?? 0) > 0 && (
                      <span className={classes.second}>{count(health!.held_deliveries)} held</span>
                    )}
                  </Table.Td>
                  <Table.Td className={classes.spare} data-label="Credentials">
                    <span className={posture.good ? undefined : classes.retry}>{posture.word}</span>
                  </Table.Td>
                  <Table.Td data-label="Last result">
                    {health?.last_result ? (
                      <>
                        <State state={health.last_result.state} />
                        <span className={classes.second}>
                          <Instant at={health.last_result.at} />
                          {health.last_result.http_status !== null && ` · HTTP ${health.last_result.http_status}`}
                        </span>
                      </>
                    ) : (
                      <span className="soft">none yet</span>
                    )}
                  </Table.Td>
                  <Figure value={health?.delivered} tone="delivered" title="Delivered" />
                  <Figure value={health?.retry_scheduled} tone="retry" title="Retrying" />
                  <Figure value={health?.failed} tone="failed" title="Failed" />
                  <Figure value={health?.parked} tone="dead" title="Dead letters" />
                </Table.Tr>
              );
            })}
          </Table.Tbody>
        </Table>
      </div>
      {pages > 1 && (
        <nav className="row spread no-print" aria-label="Pages of destinations">
          <Button size="xs" variant="default" disabled={page <= 1} onClick={() => onPage(page - 1)}>
            Previous
          </Button>
          <span className="soft">
            Page {page} of {pages}
          </span>
          <Button size="xs" variant="default" disabled={page >= pages} onClick={() => onPage(page + 1)}>
            Next
          </Button>
        </nav>
      )}
    </>
  );
}
