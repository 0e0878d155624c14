import type { ReactNode } from 'react';
import { Table } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { adaptersQuery } from '../api/queries';
import type { AdapterList } from '../api/types';
import { Empty } from '../parts/Empty';
import { Loaded } from '../parts/Loaded';
import { Section } from '../parts/Section';
import classes from '../audit/Audit.module.css';
import own from './Plugins.module.css';

// The code of a plugin that is left out because it crashed its host again and again.
const quarantined = 'L402';

function Loadeds({ adapters }: { adapters: AdapterList['adapters'] }) {
  if (adapters.length === 0)
    return <Empty title="No adapter is loaded">Nothing can be delivered. See what was refused.</Empty>;
  return (
    <div className={classes.scroll} tabIndex={0} role="region" aria-label="Loaded adapters">
      <Table className={own.table} verticalSpacing={6}>
        <caption className="unseen">Loaded adapters</caption>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">Adapter</Table.Th>
            <Table.Th scope="col">Plugin</Table.Th>
            <Table.Th scope="col">Version</Table.Th>
            <Table.Th scope="col">Vendor</Table.Th>
            <Table.Th scope="col">File</Table.Th>
            <Table.Th scope="col">Credentials that it uses</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {adapters.map((adapter) => (
            <Table.Tr key={adapter.adapter}>
              <Table.Th scope="row">
                {adapter.title} <code className="soft">{adapter.adapter}</code>
              </Table.Th>
              <Table.Td>{adapter.plugin.id}</Table.Td>
              <Table.Td>{adapter.plugin.version}</Table.Td>
              <Table.Td>{adapter.plugin.vendor}</Table.Td>
              <Table.Td>
                <code>{adapter.plugin.file}</code>
              </Table.Td>
              <Table.Td>{adapter.credential_slots.map((slot) => slot.title).join(', ') || 'None'}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function Refused({ refused, title }: { refused: AdapterList['refused']; title: string }) {
  return (
    <div className={classes.scroll} tabIndex={0} role="region" aria-label={title}>
      <Table className={own.table} verticalSpacing={6}>
        <caption className="unseen">{title}</caption>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">File</Table.Th>
            <Table.Th scope="col">Stage</Table.Th>
            <Table.Th scope="col">Code</Table.Th>
            <Table.Th scope="col">What is wrong</Table.Th>
            <Table.Th scope="col">What to do</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {refused.map((plugin) => (
            <Table.Tr key={plugin.file}>
              <Table.Th scope="row">
                <code>{plugin.file}</code>
              </Table.Th>
              <Table.Td>{plugin.stage}</Table.Td>
              <Table.Td>
                <code>{plugin.code}</code>
              </Table.Td>
              <Table.Td>{plugin.message}</Table.Td>
              <Table.Td>{plugin.remedy}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

export function PluginsView(): ReactNode {
  const query = useQuery(adaptersQuery);
  return (
    <div className="stack">
      <h1>Plugins</h1>
      <Loaded query={query} rows={6}>
        {({ adapters, refused }) => {
          const kept = refused.filter((plugin) => plugin.code !== quarantined);
          const held = refused.filter((plugin) => plugin.code === quarantined);
          return (
            <>
              <Section title="Loaded">
                <Loadeds adapters={adapters} />
              </Section>
              <Section title="Refused">
                {kept.length === 0 ? (
                  <p className="soft">None: every plugin file that the daemon found was loaded.</p>
                ) : (
                  <Refused refused={kept} title="Refused plugin files" />
                )}
              </Section>
              <Section title="Quarantined">
                {held.length === 0 ? (
                  <p className="soft">None. A plugin that crashes its host twice in ten minutes comes here.</p>
                ) : (
                  <Refused refused={held} title="Quarantined plugin files" />
                )}
              </Section>
            </>
          );
        }}
      </Loaded>
    </div>
  );
}
