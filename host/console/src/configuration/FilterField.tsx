import { Button, Textarea } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { client, problemOf, unwrap, type FieldError } from '../api/client';
import { Failure } from '../parts/Failure';
import { Notice } from '../parts/Notice';
import { typesOf } from './destination_draft';

// A condition over events, with the place of what is wrong with it, and a try over the last events.
export function FilterField({
  value,
  eventTypes,
  errors,
  onChange,
}: {
  value: string;
  eventTypes: string;
  errors: FieldError[];
  onChange: (value: string) => void;
}) {
  const preview = useMutation({
    mutationFn: (asked: { filter: string; event_types: string[] }) =>
      unwrap(
        client.POST('/filters:preview', {
          body: { event_types: asked.event_types, filter: asked.filter === '' ? null : asked.filter },
        }),
      ),
  });
  const problem = preview.error ? problemOf(preview.error) : undefined;
  const fault =
    errors.find((error) => error.field === 'filter') ?? problem?.fields.find((error) => error.field === 'filter');
  const types = typesOf(eventTypes);
  return (
    <div className="stack">
      <Textarea
        label="Filter"
        description="A condition that an event must meet, such as @.payload.severity >= 7. Empty: every event of these types."
        rows={3}
        maxLength={2048}
        spellCheck={false}
        value={value}
        error={fault?.message}
        onChange={(event) => {
          preview.reset();
          onChange(event.currentTarget.value);
        }}
      />
      {fault?.offset !== undefined && <Place text={value.trim()} offset={fault.offset} />}
      <div className="row">
        <Button
          variant="default"
          loading={preview.isPending}
          disabled={types.length === 0}
          onClick={() => preview.mutate({ filter: value.trim(), event_types: types })}
        >
          Try on the last events
        </Button>
      </div>
      {problem && !fault && <Failure problem={problem} />}
      {preview.data && (
        <Notice kind="plain" title={`Would have matched ${preview.data.matched} of ${preview.data.events}`}>
          {preview.data.matches.slice(0, 10).map((match) => (
            <p key={match.event_id}>
              <code>{match.event_id}</code> {match.event_type}
            </p>
          ))}
          {preview.data.matched > 10 && <p>and {preview.data.matched - 10} more</p>}
        </Notice>
      )}
    </div>
  );
}

// The text with a mark where something else was expected; offsets count characters, not units of UTF-16.
function Place({ text, offset }: { text: string; offset: number }) {
  const characters = [...text];
  return (
    <p className="wrap">
      <code>
        {characters.slice(0, offset).join('')}
        <mark>{characters[offset] ?? '␣'}</mark>
        {characters.slice(offset + 1).join('')}
      </code>
    </p>
  );
}
