import { Table } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { deadLettersQuery, type Filter } from '../api/queries';
import type { DeadLetter, DeadLetterFilter } from '../api/types';
import table from '../deliveries/Deliveries.module.css';
import { DeliveryDetail } from '../deliveries/DeliveryDetail';
import { DeliveryFilters } from '../deliveries/DeliveryFilters';
import { useDestinationNames } from '../deliveries/DeliveryTable';
import { Action } from '../parts/Action';
import { Empty } from '../parts/Empty';
import { Instant } from '../parts/Instant';
import { Loaded } from '../parts/Loaded';
import { Pager, trailOf, trailText } from '../parts/Pager';
import { Panes } from '../parts/Panes';
import { walkRows } from '../parts/walk_rows';
import { Offered } from '../session/Offered';
import { MoveDialog, type Move } from './MoveDialog';
import classes from './DeadLetters.module.css';

function filterOf({ destination_id, ...others }: Filter): DeadLetterFilter {
  return { ...others, ...(destination_id ? { destination_id: destination_id.split(',') } : {}) };
}

function Letters({
  letters,
  chosen,
  filtered,
}: {
  letters: DeadLetter[];
  chosen: string | undefined;
  filtered: boolean;
}) {
  const names = useDestinationNames();
  const navigate = useNavigate({ from: '/dead-letters' });
  if (letters.length === 0)
    return filtered ? (
      <Empty title="No dead letter passes the filters" />
    ) : (
      <Empty title="No dead letters">Nothing waits for a person.</Empty>
    );
  return (
    <div className={table.scroll}>
      <Table className={table.table} verticalSpacing={0} onKeyDown={walkRows}>
        <caption className="unseen">Dead letters, newest first</caption>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">Event and destination</Table.Th>
            <Table.Th scope="col">Why it ended</Table.Th>
            <Table.Th scope="col" className={classes.ended}>
              Ended
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {letters.map((letter) => {
            const id = letter.delivery_id;
            return (
              <Table.Tr
                key={id}
                data-chosen={id === chosen || undefined}
                onClick={() => void navigate({ search: (now) => ({ ...now, delivery: id }) })}
              >
                <Table.Th scope="row" className={classes.event}>
                  <Link
                    to="/dead-letters"
                    search={(now) => ({ ...now, delivery: id })}
                    data-row
                    aria-current={id === chosen ? 'true' : undefined}
                    activeProps={{ 'aria-current': id === chosen ? 'true' : undefined }}
                    onClick={(event) => event.stopPropagation()}
                  >
                    {letter.event_type}
                  </Link>
                  <bdi className={classes.second}>
                    {names.get(letter.destination_id) ?? letter.destination_id.slice(0, 8)}
                  </bdi>
                </Table.Th>
                <Table.Td className={classes.why}>
                  {letter.explanation}
                  <span className={classes.second}>{letter.advice}</span>
                </Table.Td>
                <Table.Td className={classes.ended}>
                  {letter.completed_at && <Instant at={letter.completed_at} />}
                </Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </div>
  );
}

export function DeadLettersView(): ReactNode {
  const { trail: trailed, delivery, ...search } = useSearch({ from: '/dead-letters' });
  const navigate = useNavigate({ from: '/dead-letters' });
  const [move, setMove] = useState<Move | null>(null);
  const trail = trailOf(trailed);
  const query = useQuery(deadLettersQuery(search, trail.at(-1)));
  const filtered = Object.keys(search).length > 0;
  const any = (query.data?.dead_letters.length ?? 0) > 0;
  return (
    <div className="stack">
      <div className="row spread">
        <h1>Dead letters</h1>
        <div className="row no-print">
          <Offered right="handle_deliveries">
            <Action disabled={!any} onClick={() => setMove('replay')}>
              Replay all that {filtered ? 'match' : 'wait'}
            </Action>
            <Action disabled={!any} onClick={() => setMove('discard')}>
              Discard all that {filtered ? 'match' : 'wait'}
            </Action>
          </Offered>
        </div>
      </div>
      <p className="soft">
        Deliveries that ended without success and wait for a person. Mend the receiver first, replay one, then the rest.
      </p>
      <DeliveryFilters search={search} onChange={(next) => void navigate({ search: { ...next, delivery } })} />
      <Panes
        chosen={delivery}
        label="Dead letter"
        back="Dead letters"
        onClose={() => void navigate({ search: (now) => ({ ...now, delivery: undefined }) })}
        list={
          <Loaded query={query} rows={8}>
            {({ dead_letters, next_cursor }) => (
              <>
                <Letters letters={dead_letters} chosen={delivery} filtered={filtered || trail.length > 0} />
                <Pager
                  trail={trail}
                  next={next_cursor}
                  shown={dead_letters.length}
                  onMove={(moved) =>
                    void navigate({ search: (now) => ({ ...now, trail: trailText(moved), delivery: undefined }) })
                  }
                />
              </>
            )}
          </Loaded>
        }
      >
        {delivery && <DeliveryDetail key={delivery} id={delivery} />}
      </Panes>
      <MoveDialog
        move={move}
        filter={filterOf(search)}
        filterText={filtered ? 'By the filters that are set.' : 'No filter is set: these are all of the tenant.'}
        onClose={() => setMove(null)}
      />
    </div>
  );
}
