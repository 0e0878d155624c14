import { ActionIcon, Button, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { Link, Outlet, useRouterState } from '@tanstack/react-router';
import { useEffect, type ReactNode } from 'react';
import { roleWords } from '../format/words';
import { IconLeave, IconMoon, IconSun } from '../parts/icons';
import { useSession, useSignedIn } from '../session/session';
import { Refresh } from './Refresh';
import classes from './Shell.module.css';

const views = [
  { to: '/', title: 'Health' },
  { to: '/deliveries', title: 'Deliveries' },
  { to: '/dead-letters', title: 'Dead letters' },
  { to: '/operations', title: 'Operations' },
  { to: '/policy', title: 'Policy' },
  { to: '/audit', title: 'Audit' },
  { to: '/plugins', title: 'Plugins' },
] as const;

function SchemeSwitch() {
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme('light');
  const other = scheme === 'dark' ? 'light' : 'dark';
  return (
    <ActionIcon
      variant="subtle"
      size={30}
      aria-label={`Use the ${other} theme`}
      title={`Use the ${other} theme`}
      onClick={() => setColorScheme(other)}
    >
      {scheme === 'dark' ? <IconSun /> : <IconMoon />}
    </ActionIcon>
  );
}

// Each view's title goes into the tab, and a new view is read out from its heading.
function useViewTitle() {
  const path = useRouterState({ select: (state) => state.location.pathname });
  useEffect(() => {
    const view = views.find(({ to }) => to !== '/' && path.includes(to)) ?? views[0];
    document.title = `${view.title} · OneProtect Integrations`;
  }, [path]);
}

export function Shell(): ReactNode {
  const { signOut, chooseTenant } = useSession();
  const { session, tenant } = useSignedIn();
  useViewTitle();
  return (
    <>
      <a
        className={classes.skip}
        href="#view"
        onClick={(event) => {
          event.preventDefault(); // a changed fragment would be a new entry in the history
          document.getElementById('view')?.focus();
        }}
      >
        Skip to the view
      </a>
      <header className={classes.head}>
        <div className={classes.top}>
          <Link to="/" className={classes.mark}>
            <img src="/console/mark.svg" alt="" width={22} height={22} />
            <span>
              <span className={classes.vendor}>OneProtect </span>Integrations
            </span>
          </Link>
          <Refresh />
          <div className={classes.who}>
            <span className={classes.caller}>
              <span className={classes.tenant} title={`Tenant ${tenant}`}>
                <bdi>{tenant}</bdi>
              </span>
              <span className="soft" title={`Signed in with ${session.actor}`}>
                {roleWords[session.role]}
              </span>
            </span>
            {session.role === 'system_admin' && (
              <Button size="compact-xs" variant="subtle" className="no-print" onClick={() => chooseTenant(null)}>
                Other tenant
              </Button>
            )}
            <SchemeSwitch />
            <ActionIcon
              variant="subtle"
              size={30}
              aria-label="Sign out"
              title="Sign out"
              onClick={() => void signOut()}
            >
              <IconLeave />
            </ActionIcon>
          </div>
        </div>
        <nav className={classes.views} aria-label="Views">
          {views.map(({ to, title }) => (
            <Link key={to} to={to} activeOptions={{ exact: to === '/', includeSearch: false }}>
              {title}
            </Link>
          ))}
        </nav>
      </header>
      <main id="view" tabIndex={-1} className={classes.view}>
        <Outlet />
      </main>
    </>
  );
}
