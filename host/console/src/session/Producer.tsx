import { Button } from '@mantine/core';
import classes from './Session.module.css';
import { useSession } from './session';

export function Producer() {
  const { signOut } = useSession();
  return (
    <main className={classes.gate}>
      <div className={classes.card}>
        <h1>Nothing to see with this token</h1>
        <p className="soft">
          Its role is producer, which hands in events and reads nothing. Sign in with a token of an auditor, an operator
          or a tenant admin.
        </p>
        <Button onClick={() => void signOut()}>Sign out</Button>
      </div>
    </main>
  );
}
