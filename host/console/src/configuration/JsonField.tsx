import { Textarea } from '@mantine/core';
import { useState } from 'react';
import { errorAt } from './json_schema';
import type { FieldProps } from './SchemaFields';

// What a schema may ask for and no simpler field can hold.
export function JsonField({ name, schema, path, value, errors, onChange }: FieldProps) {
  const [text, setText] = useState(() => (value === undefined ? '' : JSON.stringify(value, null, 2)));
  const [wrong, setWrong] = useState<string>();
  return (
    <Textarea
      label={schema.title ?? name}
      description={[schema.description, 'As JSON.'].filter(Boolean).join(' ')}
      rows={4}
      spellCheck={false}
      value={text}
      error={wrong ?? errorAt(errors, path)}
      onChange={(event) => {
        const next = event.currentTarget.value;
        setText(next);
        try {
          onChange(next.trim() === '' ? undefined : JSON.parse(next));
          setWrong(undefined);
        } catch {
          setWrong('it is not valid JSON');
        }
      }}
    />
  );
}
