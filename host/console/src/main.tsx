import './styles/mantine.css';
import 'virtual:mantine-variables.css';
import './styles/fonts.css';
import './styles/tokens.css';
import './styles/base.css';
import { MantineProvider } from '@mantine/core';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { createRoot } from 'react-dom/client';
import { router } from './router';
import { Gate } from './session/Gate';
import { SessionProvider } from './session/session';
import { takeTokenFromAddress } from './session/token_link';
import { makeQueryClient } from './shell/query_client';
import { theme } from './theme';

const token = takeTokenFromAddress();
const place = document.getElementById('page');
if (!place) throw new Error('index.html has no place for the page');
createRoot(place).render(
  // The variables and classes that Mantine would write into <style> elements are in the stylesheet: see vite.config.ts.
  <MantineProvider theme={theme} defaultColorScheme="auto" withCssVariables={false} withGlobalClasses={false}>
    <QueryClientProvider client={makeQueryClient()}>
      <SessionProvider token={token}>
        <Gate>
          <RouterProvider router={router} />
        </Gate>
      </SessionProvider>
    </QueryClientProvider>
  </MantineProvider>,
);
