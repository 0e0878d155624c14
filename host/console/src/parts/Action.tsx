import { Button, type ButtonProps } from '@mantine/core';
import type { ReactNode } from 'react';
import { useNotMine } from '../session/Offered';

// A button that is shown disabled to whom it does not belong. The reason stands beside it (session/Offered.tsx).
export function Action({
  onClick,
  children,
  disabled,
  ...look
}: ButtonProps & { onClick: () => void; children: ReactNode }) {
  const notMine = useNotMine();
  return (
    <Button size="xs" variant="default" {...look} disabled={disabled || notMine} onClick={onClick}>
      {children}
    </Button>
  );
}
