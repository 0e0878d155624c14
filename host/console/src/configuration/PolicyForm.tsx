import { Button, NativeSelect, NumberInput, TextInput } from '@mantine/core';
import { useState, type FormEvent } from 'react';
import { client, unwrap } from '../api/client';
import type { DeliveryPolicy, PolicyLevel, PolicyOverride } from '../api/types';
import { duration } from '../format/numbers';
import { Action } from '../parts/Action';
import { Facts } from '../parts/Facts';
import { Failure } from '../parts/Failure';
import { Notice } from '../parts/Notice';
import { useChange } from '../parts/use_change';
import { Offered, useMay } from '../session/Offered';
import classes from './Configuration.module.css';
import { errorAt } from './json_schema';
import { checkPolicy } from './policy_rules';
import { Schedule } from './Schedule';

const defaults: DeliveryPolicy = {
  max_attempts: 10,
  timeout_ms: 15_000,
  backoff_initial_ms: 5_000,
  backoff_factor: 4,
  backoff_cap_ms: 21_600_000,
  backoff_jitter: 0.2,
  retry_after_max_ms: 86_400_000,
  dead_letter: 'always',
  retryable_statuses: [408, 425, 429, 500, 502, 503, 504],
};

const behaviours = {
  always: 'Everything that ends without success',
  on_exhaustion: 'Only what used up its attempts',
  never: 'Nothing: all end as failed',
};

const numbers = [
  { name: 'max_attempts', label: 'Most attempts', unit: '1 to 100', decimal: false },
  { name: 'timeout_ms', label: 'Timeout of an attempt, ms', unit: '100 to 120,000', decimal: false },
  { name: 'backoff_initial_ms', label: 'First wait, ms', unit: '10 to 86,400,000', decimal: false },
  { name: 'backoff_factor', label: 'Each wait is longer by the factor', unit: '1 to 10', decimal: true },
  { name: 'backoff_cap_ms', label: 'Longest wait, ms', unit: 'at most 86,400,000', decimal: false },
  { name: 'backoff_jitter', label: 'Jitter, ± share of the wait', unit: '0 to 0.5', decimal: true },
  {
    name: 'retry_after_max_ms',
    label: 'Longest silence a receiver may ask for, ms',
    unit: '1,000 to 2,592,000,000',
    decimal: false,
  },
] as const;

function Shown({ policy }: { policy: DeliveryPolicy }) {
  return (
    <Facts
      facts={[
        ['Most attempts', policy.max_attempts],
        ['Timeout of an attempt', duration(policy.timeout_ms)],
        ['First wait', duration(policy.backoff_initial_ms)],
        ['Factor', `×${policy.backoff_factor}`],
        ['Longest wait', duration(policy.backoff_cap_ms)],
        ['Jitter', `±${Math.round(policy.backoff_jitter * 100)} %`],
        ['Longest silence it may ask for', duration(policy.retry_after_max_ms)],
        ['Becomes a dead letter', behaviours[policy.dead_letter]],
        ['Statuses that are tried again', policy.retryable_statuses.join(', ')],
      ]}
    />
  );
}

export function PolicyForm({
  level,
  etag,
  above,
  destination,
}: {
  level: PolicyLevel;
  etag: string;
  above: DeliveryPolicy | undefined; // of the tenant, for an override
  destination: string | undefined;
}) {
  const may = useMay('configure');
  const [own, setOwn] = useState<PolicyOverride>(level.policy);
  const [statuses, setStatuses] = useState(level.policy.retryable_statuses?.join(', ') ?? '');
  const base = above ?? defaults;
  const effective: DeliveryPolicy = { ...base, ...own };
  const params = { header: { 'If-Match': etag } };
  const path = { id: destination ?? '' };
  const save = useChange(() =>
    destination
      ? unwrap(client.PUT('/destinations/{id}/policy', { params: { ...params, path }, body: own }))
      : unwrap(client.PUT('/policy', { params, body: own })),
  );
  const clear = useChange(() => unwrap(client.DELETE('/destinations/{id}/policy', { params: { ...params, path } })));
  const faults = checkPolicy(effective);
  const at = (name: string) => errorAt(faults, name) ?? errorAt(save.problem?.fields ?? [], name);
  const set = (name: keyof PolicyOverride, value: unknown) =>
    setOwn(({ [name]: _, ...others }) => (value === undefined ? others : { ...others, [name]: value }));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (faults.length === 0) save.mutate(undefined);
  };
  const unset = above ? 'The tenant’s' : 'The default';

  return (
    <div className={classes.sides}>
      {!may ? (
        <div className={classes.card}>
          <Shown policy={level.effective_policy} />
          <div className="row no-print">
            <Offered right="configure">
              <Action onClick={() => {}}>Change the policy</Action>
            </Offered>
          </div>
        </div>
      ) : (
        <form className={classes.card} onSubmit={submit} noValidate>
          <div className={classes.two}>
            {numbers.map(({ name, label, unit, decimal }) => (
              <NumberInput
                key={name}
                label={label}
                description={unit}
                placeholder={`${unset}: ${base[name]}`}
                hideControls
                allowDecimal={decimal}
                value={own[name] ?? ''}
                error={at(name)}
                onChange={(value) => set(name, typeof value === 'number' ? value : undefined)}
              />
            ))}
          </div>
          <NativeSelect
            label="Becomes a dead letter"
            value={own.dead_letter ?? ''}
            data={[
              { value: '', label: `${unset}: ${behaviours[base.dead_letter].toLowerCase()}` },
              ...Object.entries(behaviours).map(([value, label]) => ({ value, label })),
            ]}
            onChange={(event) => set('dead_letter', event.currentTarget.value || undefined)}
          />
          <TextInput
            label="Statuses that are tried again"
            description="400 to 599, with commas between"
            placeholder={`${unset}: ${base.retryable_statuses.join(', ')}`}
            value={statuses}
            error={at('retryable_statuses')}
            onChange={(event) => {
              const text = event.currentTarget.value;
              setStatuses(text);
              set(
                'retryable_statuses',
                text.trim() === ''
                  ? undefined
                  : text
                      .split(/[\s,]+/)
                      .filter(Boolean)
                      .map(Number),
              );
            }}
          />
          {save.problem && <Failure problem={save.problem} />}
          {clear.problem && <Failure problem={clear.problem} />}
          {save.isSuccess && <Notice kind="good">Saved. What is delivered from now on follows it.</Notice>}
          <div className="row">
            <Button type="submit" loading={save.isPending} disabled={faults.length > 0}>
              Save
            </Button>
            {destination && Object.keys(level.policy).length > 0 && (
              <Button variant="default" loading={clear.isPending} onClick={() => clear.mutate(undefined)}>
                Take the tenant’s for everything
              </Button>
            )}
          </div>
        </form>
      )}
      <Schedule policy={faults.length > 0 ? level.effective_policy : effective} />
    </div>
  );
}
