import type { ReactNode } from 'react';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { adaptersQuery, destinationQuery } from '../api/queries';
import { Empty } from '../parts/Empty';
import { IconBack } from '../parts/icons';
import { Loaded } from '../parts/Loaded';
import { Notice } from '../parts/Notice';
import { useMay } from '../session/Offered';
import classes from './Configuration.module.css';
import { DestinationForm } from './DestinationForm';

function Existing({ id }: { id: string }) {
  const adapters = useQuery(adaptersQuery);
  const destination = useQuery(destinationQuery(id));
  return (
    <Loaded query={adapters} rows={10}>
      {(list) => (
        <Loaded query={destination} rows={10}>
          {({ data, etag }) => <DestinationForm adapters={list.adapters} existing={data} etag={etag} />}
        </Loaded>
      )}
    </Loaded>
  );
}

function New() {
  const adapters = useQuery(adaptersQuery);
  return (
    <Loaded query={adapters} rows={10}>
      {(list) =>
        list.adapters.length === 0 ? (
          <Empty title="No adapter is loaded">
            Without one there is nothing to deliver with: see <Link to="/plugins">the plugins</Link>.
          </Empty>
        ) : (
          <DestinationForm adapters={list.adapters} />
        )
      }
    </Loaded>
  );
}

export function DestinationEditor(): ReactNode {
  const { id } = useParams({ strict: false });
  const may = useMay('configure');
  return (
    <div className={classes.page}>
      <Link to="/" search={id ? { destination: id } : {}} className={classes.back}>
        <IconBack size={14} /> {id ? 'Back to the destination' : 'Destinations'}
      </Link>
      <h1>{id ? 'Edit destination' : 'New destination'}</h1>
      {!may ? (
        <Notice kind="warn" title="Your role may not change destinations" live={false}>
          A tenant admin can.
        </Notice>
      ) : id ? (
        <Existing id={id} />
      ) : (
        <New />
      )}
    </div>
  );
}
