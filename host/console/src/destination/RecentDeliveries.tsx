import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { deliveriesQuery } from '../api/queries';
import { plural } from '../format/numbers';
import { Empty } from '../parts/Empty';
import { Instant } from '../parts/Instant';
import { Loaded } from '../parts/Loaded';
import { StateOf } from '../parts/State';
import classes from './Destination.module.css';

const shown = 8;

export function RecentDeliveries({ id }: { id: string }) {
  const query = useQuery(deliveriesQuery({ destination_id: id }, undefined, shown));
  return (
    <Loaded query={query} rows={4}>
      {({ deliveries, next_cursor }) =>
        deliveries.length === 0 ? (
          <Empty title="Nothing was delivered yet">
            Events of its types that are accepted from now on appear here.
          </Empty>
        ) : (
          <>
            <ul className={classes.deliveries}>
              {deliveries.map((delivery) => (
                <li key={delivery.delivery_id}>
                  <StateOf delivery={delivery} />
                  <Link to="/deliveries/$id" params={{ id: delivery.delivery_id }}>
                    {delivery.event_type}
                  </Link>
                  <span className="soft">
                    {plural(delivery.attempts, 'attempt')}
                    {delivery.last_http_status !== null && `, HTTP ${delivery.last_http_status}`}
                  </span>
                  <span className={`${classes.when} soft`}>
                    <Instant at={delivery.created_at} />
                  </span>
                </li>
              ))}
            </ul>
            <Link to="/deliveries" search={{ destination_id: id }}>
              {next_cursor ? 'All its deliveries' : 'These in the delivery list'}
            </Link>
          </>
        )
      }
    </Loaded>
  );
}
