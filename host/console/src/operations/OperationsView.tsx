import { Table } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { client, unwrap } from '../api/client';
import { operationsQuery } from '../api/queries';
import type { Operation } from '../api/types';
import { Action } from '../parts/Action';
import { Empty } from '../parts/Empty';
import { Failure } from '../parts/Failure';
import { Instant } from '../parts/Instant';
import { Loaded } from '../parts/Loaded';
import { useChange } from '../parts/use_change';
import { Offered } from '../session/Offered';
import classes from '../audit/Audit.module.css';

const kinds: Record<Operation['kind'], string> = {
  cancel: 'Cancel what waits',
  replay: 'Replay dead letters',
  resend: 'Send again',
  unknown: 'Of a newer version',
};

const states: Record<Operation['state'], string> = {
  running: 'Running',
  done: 'Done',
  failed: 'Failed',
  cancelled: 'Cancelled',
};

function Row({ operation }: { operation: Operation }) {
  const cancel = useChange(() =>
    unwrap(client.POST('/operations/{id}:cancel', { params: { path: { id: operation.operation_id } } })),
  );
  const reached = operation.done + operation.failed;
  return (
    <Table.Tr>
      <Table.Th scope="row">{kinds[operation.kind]}</Table.Th>
      <Table.Td>
        {states[operation.state]}
        {operation.error !== null && <p>{operation.error}</p>}
        {cancel.problem && <Failure problem={cancel.problem} />}
      </Table.Td>
      <Table.Td>
        {operation.state === 'running' && (
          <progress
            value={reached}
            max={Math.max(operation.counted, reached, 1)}
            aria-label={`Progress of ${kinds[operation.kind]}`}
          />
        )}{' '}
        {reached} of {operation.counted}
        {operation.failed > 0 && `, ${operation.failed} of them not done`}
      </Table.Td>
      <Table.Td>{operation.started_by.id}</Table.Td>
      <Table.Td>
        <Instant at={operation.created_at} />
      </Table.Td>
      <Table.Td>{operation.finished_at !== null && <Instant at={operation.finished_at} />}</Table.Td>
      <Table.Td>
        {operation.state === 'running' && (
          <Offered right="handle_deliveries">
            <Action loading={cancel.isPending} onClick={() => cancel.mutate(undefined)}>
              Cancel
            </Action>
          </Offered>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

// What goes over many deliveries, worked off by the daemon; the latest fifty.
export function OperationsView() {
  const query = useQuery(operationsQuery);
  return (
    <div className="stack">
      <h1>Operations</h1>
      <Loaded query={query} rows={6}>
        {({ operations }) =>
          operations.length === 0 ? (
            <Empty title="There are none">
              What goes over many deliveries is started by <code>integrationsctl operations start</code> or the API.
            </Empty>
          ) : (
            <div className={classes.scroll} tabIndex={0} role="region" aria-label="Operations">
              <Table verticalSpacing={6}>
                <caption className="unseen">Operations, newest first</caption>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th scope="col">What</Table.Th>
                    <Table.Th scope="col">State</Table.Th>
                    <Table.Th scope="col">Progress</Table.Th>
                    <Table.Th scope="col">Started by</Table.Th>
                    <Table.Th scope="col">Started</Table.Th>
                    <Table.Th scope="col">Ended</Table.Th>
                    <Table.Th scope="col">
                      <span className="unseen">Action</span>
                    </Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {operations.map((operation) => (
                    <Row key={operation.operation_id} operation={operation} />
                  ))}
                </Table.Tbody>
              </Table>
            </div>
          )
        }
      </Loaded>
    </div>
  );
}
