import { Checkbox, Fieldset, NativeSelect, NumberInput, Textarea, TextInput } from '@mantine/core';
import type { ReactNode } from 'react';
import type { FieldError } from '../api/client';
import { errorAt, type ConfigSchema } from './json_schema';
import { JsonField } from './JsonField';
import { PairsField } from './PairsField';

const longText = 200; // texts that may be longer get several lines

export interface FieldProps {
  schema: ConfigSchema;
  name: string;
  path: string; // as errors name it
  value: unknown;
  required: boolean;
  errors: FieldError[];
  onChange: (value: unknown) => void; // undefined: left out
}

function describe(schema: ConfigSchema): string | undefined {
  const fallback =
    schema.default === undefined
      ? ''
      : `Default: ${typeof schema.default === 'string' ? schema.default : JSON.stringify(schema.default)}.`;
  return [schema.description, fallback].filter(Boolean).join(' ') || undefined;
}

function Choices({ schema, name, value, errors, path, onChange }: FieldProps) {
  const options = schema.items?.enum ?? [];
  const chosen = Array.isArray(value) ? value : Array.isArray(schema.default) ? schema.default : [];
  return (
    <Checkbox.Group
      label={schema.title ?? name}
      description={describe(schema)}
      error={errorAt(errors, path)}
      value={chosen.map(String)}
      onChange={(next) => onChange(options.filter((option) => next.includes(String(option))))}
    >
      <div className="row">
        {options.map((option) => (
          <Checkbox key={String(option)} value={String(option)} label={String(option)} />
        ))}
      </div>
    </Checkbox.Group>
  );
}

function Text(props: FieldProps) {
  const { schema, name, value, errors, path, required, onChange } = props;
  const common = {
    label: schema.title ?? name,
    description: describe(schema),
    error: errorAt(errors, path),
    required,
    withAsterisk: required,
    value: typeof value === 'string' ? value : '',
    onChange: (event: { currentTarget: { value: string } }) =>
      onChange(event.currentTarget.value === '' && !required ? undefined : event.currentTarget.value),
  };
  return (schema.maxLength ?? 0) > longText ? (
    <Textarea rows={4} spellCheck={false} {...common} />
  ) : (
    <TextInput {...common} />
  );
}

function Choice({ schema, name, value, errors, path, required, onChange }: FieldProps) {
  const options = schema.enum ?? [];
  const fallback = schema.default === undefined ? 'Not set' : `Default (${String(schema.default)})`;
  return (
    <NativeSelect
      label={schema.title ?? name}
      description={schema.description}
      error={errorAt(errors, path)}
      withAsterisk={required}
      value={value === undefined ? '' : String(value)}
      data={[
        ...(required ? [] : [{ value: '', label: fallback }]),
        ...options.map((option) => ({ value: String(option), label: String(option) })),
      ]}
      onChange={(event) => onChange(options.find((option) => String(option) === event.currentTarget.value))}
    />
  );
}

// One member of a configuration, drawn from its schema. What has no form of its own is edited as JSON.
export function SchemaField(props: FieldProps): ReactNode {
  const { schema, name, value, errors, path, required, onChange } = props;
  if (schema.enum) return <Choice {...props} />;
  switch (schema.type) {
    case 'string':
      return <Text {...props} />;
    case 'boolean':
      return (
        <Checkbox
          label={schema.title ?? name}
          description={describe(schema)}
          error={errorAt(errors, path)}
          checked={typeof value === 'boolean' ? value : schema.default === true}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
      );
    case 'integer':
    case 'number':
      return (
        <NumberInput
          label={schema.title ?? name}
          description={describe(schema)}
          error={errorAt(errors, path)}
          withAsterisk={required}
          allowDecimal={schema.type === 'number'}
          hideControls
          value={typeof value === 'number' ? value : ''}
          onChange={(next) => onChange(typeof next === 'number' ? next : undefined)}
        />
      );
    case 'array':
      if (schema.items?.enum) return <Choices {...props} />;
      break;
    case 'object':
      if (schema.properties) return <SchemaFields {...props} legend={schema.title ?? name} />;
      if (typeof schema.additionalProperties === 'object' && schema.additionalProperties.type === 'string')
        return <PairsField {...props} describe={describe(schema)} />;
      break;
  }
  return <JsonField {...props} />;
}

export function SchemaFields({
  schema,
  value,
  path,
  errors,
  onChange,
  legend,
}: Omit<FieldProps, 'required'> & { legend: string }) {
  const members = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  return (
    <Fieldset legend={legend}>
      <div className="stack">
        {Object.entries(schema.properties ?? {}).map(([member, inner]) => (
          <SchemaField
            key={member}
            schema={inner}
            name={member}
            path={`${path}.${member}`}
            value={members[member]}
            required={schema.required?.includes(member) ?? false}
            errors={errors}
            onChange={(next) => {
              const { [member]: _, ...others } = members;
              onChange(next === undefined ? others : { ...members, [member]: next });
            }}
          />
        ))}
      </div>
    </Fieldset>
  );
}
