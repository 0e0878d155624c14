import type { ReactNode } from 'react';
import { NativeSelect } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { destinationPolicyQuery, destinationsQuery, policyQuery } from '../api/queries';
import { Loaded } from '../parts/Loaded';
import classes from './Configuration.module.css';
import { PolicyForm } from './PolicyForm';

// The tenant's own policy, or what one destination overrides of it.
export function PolicyView(): ReactNode {
  const { destination } = useSearch({ from: '/policy' });
  const navigate = useNavigate({ from: '/policy' });
  const list = useQuery(destinationsQuery);
  const tenant = useQuery(policyQuery);
  const override = useQuery({ ...destinationPolicyQuery(destination ?? ''), enabled: destination !== undefined });
  const level = destination ? override : tenant;
  return (
    <div className={classes.wide}>
      <div className="row spread">
        <h1>Retry policy</h1>
        <NativeSelect
          size="xs"
          aria-label="Whose policy"
          value={destination ?? ''}
          data={[
            { value: '', label: 'The tenant' },
            ...(list.data?.destinations ?? []).map((one) => ({ value: one.destination_id, label: one.name })),
          ]}
          onChange={(event) => void navigate({ search: { destination: event.currentTarget.value || undefined } })}
        />
      </div>
      <p className="soft">
        {destination
          ? 'What this destination sets for itself; what it leaves open comes from the tenant’s policy.'
          : 'Holds for every destination that does not set its own.'}
      </p>
      <Loaded query={level} rows={8}>
        {({ data, etag }) => (
          <Loaded query={tenant} rows={8}>
            {(own) => (
              <PolicyForm
                key={`${destination ?? 'tenant'} ${etag}`}
                level={data}
                etag={etag}
                above={destination ? own.data.effective_policy : undefined}
                destination={destination}
              />
            )}
          </Loaded>
        )}
      </Loaded>
    </div>
  );
}
