import { Button } from '@mantine/core';
import type { ApiProblem } from '../api/client';
import { Notice } from './Notice';

const titles: Record<number, string> = {
  0: 'The daemon does not answer',
  403: 'Your role may not see this',
  404: 'There is no such thing in this tenant',
  429: 'Too many requests at once',
  503: 'The daemon cannot reach its store',
};

// What went wrong, in the daemon's words, and the way on.
export function Failure({ problem, retry }: { problem: ApiProblem; retry?: () => void }) {
  const final = problem.status === 403 || problem.status === 404;
  return (
    <Notice kind="bad" title={titles[problem.status] ?? 'This could not be loaded'}>
      <p>{problem.message}</p>
      {problem.fields.map((field) => (
        <p key={field.field + field.message}>
          <code>{field.field}</code> {field.message}
        </p>
      ))}
      {retry && !final && (
        <Button size="xs" variant="default" mt="xs" onClick={retry}>
          Try again
        </Button>
      )}
    </Notice>
  );
}
