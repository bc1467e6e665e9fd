import { ApolloProvider } from '@apollo/client/react';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

import { App } from './App.tsx';
import { client } from './graphql/client.ts';
import './styles/base.css';
import './styles/header.css';
import './styles/notices.css';
import './styles/wall.css';
import './styles/lists.css';
import './styles/dialogs.css';
import './styles/forms.css';
import { LivestreamChanges } from './wall/LivestreamChanges.tsx';

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no element with the id "root".');
createRoot(root).render(
  <StrictMode>
    <ApolloProvider client={client}>
      <LivestreamChanges>
        <App />
      </LivestreamChanges>
    </ApolloProvider>
  </StrictMode>,
);
