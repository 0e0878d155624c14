import { Loader } from '@mantine/core';
import type { ReactNode } from 'react';
import { Failure } from '../parts/Failure';
import { useSession } from './session';
import classes from './Session.module.css';
import { SignIn } from './SignIn';
import { TenantChoice } from './TenantChoice';
import { Producer } from './Producer';

// Lets in who is signed in to a tenant; else asks for what is missing.
export function Gate({ children }: { children: ReactNode }) {
  const { state, retry } = useSession();
  switch (state.phase) {
    case 'asking':
      return (
        <main className={classes.gate} aria-busy="true">
          <Loader size="sm" aria-label="Asking who is signed in" />
        </main>
      );
    case 'unreachable':
      return (
        <main className={classes.gate}>
          <Failure problem={state.problem} retry={retry} />
        </main>
      );
    case 'out':
      return <SignIn why={state.why} problem={state.problem} />;
    case 'in':
      if (state.session.role === 'producer') return <Producer />;
      return state.tenant === null ? <TenantChoice /> : <>{children}</>;
  }
}
