import { Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import { errorAt } from './json_schema';
import type { FieldProps } from './SchemaFields';
import classes from './Configuration.module.css';

// Names with texts, such as headers. A row without a name is not part of the value yet.
export function PairsField({
  name,
  schema,
  path,
  value,
  errors,
  onChange,
  describe,
}: FieldProps & { describe?: string }) {
  const [rows, setRows] = useState<[string, string][]>(() => Object.entries((value ?? {}) as Record<string, string>));
  const change = (next: [string, string][]) => {
    setRows(next);
    const named = next.filter(([key]) => key.trim() !== '').map(([key, text]) => [key.trim(), text] as const);
    onChange(named.length > 0 ? Object.fromEntries(named) : undefined);
  };
  const title = schema.title ?? name;
  return (
    <div role="group" aria-label={title} className="stack">
      <div>
        <strong>{title}</strong>
        {describe && <p className="soft">{describe}</p>}
        {errorAt(errors, path) && <p className={classes.wrong}>{errorAt(errors, path)}</p>}
      </div>
      {rows.map(([key, text], index) => (
        <div key={index} className={classes.pair}>
          <TextInput
            aria-label={`Name ${index + 1}`}
            placeholder="Name"
            value={key}
            onChange={(event) => {
              const next = event.currentTarget.value;
              change(rows.map((row, at) => (at === index ? [next, row[1]] : row)));
            }}
          />
          <TextInput
            aria-label={`Value ${index + 1}`}
            placeholder="Value"
            value={text}
            error={errorAt(errors, `${path}.${key.trim()}`)}
            onChange={(event) => {
              const next = event.currentTarget.value;
              change(rows.map((row, at) => (at === index ? [row[0], next] : row)));
            }}
          />
          <Button
            variant="default"
            aria-label={`Remove ${key || 'the row'}`}
            onClick={() => change(rows.filter((_, at) => at !== index))}
          >
            Remove
          </Button>
        </div>
      ))}
      <div>
        <Button size="xs" variant="default" onClick={() => setRows([...rows, ['', '']])}>
          Add
        </Button>
      </div>
    </div>
  );
}
