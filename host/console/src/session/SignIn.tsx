import { Button, PasswordInput } from '@mantine/core';
import { useState, type FormEvent } from 'react';
import { ApiProblem, problemOf } from '../api/client';
import { Notice } from '../parts/Notice';
import classes from './Session.module.css';
import { useSession, type Out } from './session';

const headings: Record<Out, { title: string; text: string }> = {
  'never-in': {
    title: 'Sign in',
    text: 'With an API token of your tenant. It is exchanged for a session of this browser and not kept.',
  },
  expired: { title: 'Your session is over', text: 'Sign in again, and this page goes on where you were.' },
  'signed-out': { title: 'You are signed out', text: 'Nothing of what you saw is kept in this browser.' },
};

export function SignIn({ why, problem }: { why: Out; problem?: ApiProblem }) {
  const { signIn } = useSession();
  const [token, setToken] = useState('');
  const [failure, setFailure] = useState<ApiProblem | undefined>(problem);
  const [busy, setBusy] = useState(false);

  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    setFailure(undefined);
    try {
      await signIn(token.trim());
    } catch (refused) {
      setFailure(problemOf(refused));
      setBusy(false);
    }
  }

  return (
    <main className={classes.gate}>
      <form className={classes.card} onSubmit={(event) => void submit(event)}>
        <img src="/console/mark.svg" alt="" width={36} height={36} />
        <div>
          <h1>{headings[why].title}</h1>
          <p className="soft">{headings[why].text}</p>
        </div>
        {failure && (
          <Notice kind="bad" title="Nobody was signed in">
            {failure.message}
          </Notice>
        )}
        <PasswordInput
          label="API token"
          placeholder="opi_…"
          autoComplete="off"
          spellCheck={false}
          required
          withAsterisk={false}
          value={token}
          onChange={(event) => setToken(event.currentTarget.value)}
          visibilityToggleButtonProps={{ 'aria-label': 'Show the token' }}
        />
        <Button type="submit" loading={busy} disabled={token.trim() === ''}>
          Sign in
        </Button>
        <p className="soft">
          An administrator issues tokens: <code>integrationsctl token issue --tenant acme --role auditor</code>
        </p>
      </form>
    </main>
  );
}
