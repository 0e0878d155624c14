import { createContext, useContext, type ReactNode } from 'react';
import { offerOf, type Right } from './permissions';
import { useSignedIn } from './session';

const Disabled = createContext(false);

// True for controls that are shown but belong to another role.
export const useNotMine = () => useContext(Disabled);

export function useMay(right: Right): boolean {
  return offerOf(useSignedIn().session.role, right) === 'enabled';
}

const needed: Record<Right, string> = {
  handle_deliveries: 'an operator or a tenant admin',
  configure: 'a tenant admin',
};

// Controls that need a right: there for whom has it, disabled with the reason for operators, absent for auditors.
export function Offered({ right, children }: { right: Right; children: ReactNode }) {
  const offer = offerOf(useSignedIn().session.role, right);
  if (offer === 'absent') return null;
  if (offer === 'enabled') return <>{children}</>;
  return (
    <Disabled.Provider value>
      {children}
      <span className="soft">These need {needed[right]}; you are signed in as an operator.</span>
    </Disabled.Provider>
  );
}
