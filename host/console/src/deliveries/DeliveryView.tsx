import type { ReactNode } from 'react';
import { Link, useParams } from '@tanstack/react-router';
import { IconBack } from '../parts/icons';
import classes from './Deliveries.module.css';
import { DeliveryDetail } from './DeliveryDetail';

// One delivery on a page of its own: what a link from elsewhere leads to.
export function DeliveryView(): ReactNode {
  const { id } = useParams({ from: '/deliveries/$id' });
  return (
    <div className={classes.page}>
      <Link to="/deliveries" className={`${classes.back} no-print`}>
        <IconBack size={14} /> All deliveries
      </Link>
      <div className={classes.sheet}>
        <DeliveryDetail id={id} level={1} />
      </div>
    </div>
  );
}
