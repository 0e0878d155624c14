import { useQueryClient } from '@tanstack/react-query';
import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from 'react';
import { ApiProblem, caller, client, problemOf, unwrap } from '../api/client';
import type { Session } from '../api/types';

export type Out = 'never-in' | 'expired' | 'signed-out';

export type SessionState =
  | { phase: 'asking' }
  | { phase: 'unreachable'; problem: ApiProblem }
  | { phase: 'out'; why: Out; problem?: ApiProblem }
  | { phase: 'in'; session: Session; tenant: string | null };

interface SessionControls {
  state: SessionState;
  signIn: (token: string) => Promise<void>;
  signOut: () => Promise<void>;
  chooseTenant: (tenant: string | null) => void;
  retry: () => void;
}

const SessionContext = createContext<SessionControls | null>(null);
// Of this tab alone.
const tenantPlace = 'opi-console-tenant';
const bearerPlace = 'opi-console-session';

function remembered(place: string): string | null {
  try {
    return sessionStorage.getItem(place);
  } catch {
    return null;
  }
}

function remember(place: string, value: string | null) {
  try {
    if (value === null) sessionStorage.removeItem(place);
    else sessionStorage.setItem(place, value);
  } catch {
    // Storage may be forbidden; what was to be kept then lasts as long as the page.
  }
}

function setBearer(bearer: string | null) {
  caller.bearer = bearer;
  remember(bearerPlace, bearer);
}

export function SessionProvider({ token, children }: { token: string | null; children: ReactNode }) {
  const [state, setState] = useState<SessionState>({ phase: 'asking' });
  const queries = useQueryClient();

  const enter = useCallback((session: Session) => {
    const tenant = session.tenant_id ?? remembered(tenantPlace);
    caller.csrfToken = session.csrf_token;
    caller.tenant = tenant;
    setState({ phase: 'in', session, tenant });
  }, []);

  const leave = useCallback(
    (why: Out, problem?: ApiProblem) => {
      caller.csrfToken = null;
      caller.tenant = null;
      setBearer(null);
      queries.clear();
      setState({ phase: 'out', why, problem });
    },
    [queries],
  );

  const signIn = useCallback(
    async (wanted: string) => {
      caller.onSessionOver = () => {};
      setBearer(null);
      const session = await unwrap(client.POST('/session', { body: { token: wanted } }));
      setBearer(session.session_token ?? null);
      enter(session);
      queries.clear();
      caller.onSessionOver = () => leave('expired');
    },
    [enter, leave, queries],
  );

  const signOut = useCallback(async () => {
    caller.onSessionOver = () => {};
    await unwrap(client.DELETE('/session')).catch((failure: unknown) => {
      if (problemOf(failure).status !== 401) throw failure; // whoever has no session is signed out
    });
    leave('signed-out');
  }, [leave]);

  const ask = useCallback(async () => {
    setState({ phase: 'asking' });
    try {
      if (token) return await signIn(token);
      caller.onSessionOver = () => {};
      caller.bearer = remembered(bearerPlace);
      enter(await unwrap(client.GET('/session')));
      caller.onSessionOver = () => leave('expired');
    } catch (failure) {
      const problem = problemOf(failure);
      if (problem.status === 401) leave('never-in', token ? problem : undefined);
      else setState({ phase: 'unreachable', problem });
    }
  }, [enter, leave, signIn, token]);

  useEffect(() => void ask(), [ask]);

  const chooseTenant = useCallback(
    (tenant: string | null) => {
      remember(tenantPlace, tenant);
      caller.tenant = tenant;
      queries.removeQueries({ predicate: (query) => query.queryKey[0] !== 'tenants' });
      setState((now) => (now.phase === 'in' ? { ...now, tenant } : now));
    },
    [queries],
  );

  const controls = useMemo(
    () => ({ state, signIn, signOut, chooseTenant, retry: () => void ask() }),
    [state, signIn, signOut, chooseTenant, ask],
  );
  return <SessionContext.Provider value={controls}>{children}</SessionContext.Provider>;
}

export function useSession(): SessionControls {
  const controls = useContext(SessionContext);
  if (!controls) throw new Error('outside of SessionProvider');
  return controls;
}

// Inside the page, where somebody is signed in.
export function useSignedIn(): { session: Session; tenant: string } {
  const { state } = useSession();
  if (state.phase !== 'in' || state.tenant === null) throw new Error('nobody is signed in');
  return { session: state.session, tenant: state.tenant };
}
