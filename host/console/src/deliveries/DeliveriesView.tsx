import type { ReactNode } from 'react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { deliveriesQuery } from '../api/queries';
import { Loaded } from '../parts/Loaded';
import { Pager, trailOf, trailText } from '../parts/Pager';
import { Panes } from '../parts/Panes';
import { DeliveryDetail } from './DeliveryDetail';
import { DeliveryFilters } from './DeliveryFilters';
import { DeliveryTable } from './DeliveryTable';

export function DeliveriesView(): ReactNode {
  const { trail: trailed, delivery, ...search } = useSearch({ from: '/deliveries' });
  const navigate = useNavigate({ from: '/deliveries' });
  const trail = trailOf(trailed);
  const query = useQuery(deliveriesQuery(search, trail.at(-1)));
  const filtered = Object.keys(search).length > 0;
  return (
    <div className="stack">
      <h1>Deliveries</h1>
      <DeliveryFilters search={search} states onChange={(next) => void navigate({ search: { ...next, delivery } })} />
      <Panes
        chosen={delivery}
        label="Delivery"
        back="Deliveries"
        onClose={() => void navigate({ search: (now) => ({ ...now, delivery: undefined }) })}
        list={
          <Loaded query={query} rows={12}>
            {({ deliveries, next_cursor }) => (
              <>
                <DeliveryTable deliveries={deliveries} chosen={delivery} filtered={filtered || trail.length > 0} />
                <Pager
                  trail={trail}
                  next={next_cursor}
                  shown={deliveries.length}
                  onMove={(moved) =>
                    void navigate({ search: (now) => ({ ...now, trail: trailText(moved), delivery: undefined }) })
                  }
                />
              </>
            )}
          </Loaded>
        }
      >
        {delivery && <DeliveryDetail key={delivery} id={delivery} />}
      </Panes>
    </div>
  );
}
