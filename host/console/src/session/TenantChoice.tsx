import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { tenantsQuery } from '../api/queries';
import { Empty } from '../parts/Empty';
import { Loaded } from '../parts/Loaded';
import classes from './Session.module.css';
import { useSession } from './session';

// A system administrator acts inside one tenant at a time.
export function TenantChoice() {
  const { chooseTenant, signOut } = useSession();
  const tenants = useQuery(tenantsQuery);
  return (
    <main className={classes.gate}>
      <div className={classes.card}>
        <div>
          <h1>Choose a tenant</h1>
          <p className="soft">You are a system admin: what you see and do is about one tenant at a time.</p>
        </div>
        <Loaded query={tenants} rows={3}>
          {({ tenants: rows }) =>
            rows.length === 0 ? (
              <Empty title="There is no tenant yet">
                <code>integrationsctl apply</code> or <code>POST /api/v1/tenants</code> makes one.
              </Empty>
            ) : (
              <ul className={classes.tenants}>
                {rows.map((tenant) => (
                  <li key={tenant.tenant_id}>
                    <button type="button" onClick={() => chooseTenant(tenant.tenant_id)}>
                      <span dir="auto">{tenant.name}</span>
                      <code>{tenant.tenant_id}</code>
                    </button>
                  </li>
                ))}
              </ul>
            )
          }
        </Loaded>
        <Button variant="default" onClick={() => void signOut()}>
          Sign out
        </Button>
      </div>
    </main>
  );
}
