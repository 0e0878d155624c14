import type { ReactNode } from 'react';
import { Link } from '@tanstack/react-router';
import { Empty } from '../parts/Empty';

export function NowhereView(): ReactNode {
  return (
    <Empty title="There is no such view">
      <Link to="/">Delivery health</Link>
    </Empty>
  );
}
