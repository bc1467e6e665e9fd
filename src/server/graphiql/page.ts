import type { AuthSettings } from '../../auth/authenticate.ts';
import { type Assets, urlOf } from './assets.ts';
import type { ExampleTab, PageSettings } from './pageSettings.ts';

/** What GraphiQL shows. Anyone may see it: it must not contain secrets or account ids. */
export interface GraphiqlOptions {
  /** Default: none. */
  tabs?: readonly ExampleTab[];
  /** The headers that new tabs and the examples send. */
  headers?: Readonly<Record<string, string>>;
  /** How callers authenticate. Default: not at all. */
  auth?: AuthSettings['kind'];
  /** Whether callers may ask what an operation would cost: the page shows it. Default: false. */
  costReport?: boolean;
  /** The host of the RealtimeKit API; null (the default) for the sandbox. */
  upstreamHost?: string | null;
}

const CREDENTIALS = {
  none: null,
  passthrough: 'RealtimeKit API token',
  jwt: 'JSON Web Token',
  'api-key': 'API key',
} as const satisfies Record<AuthSettings['kind'], string | null>;

const TITLE = 'RealtimeKit GraphQL';

/** A play button in the colors of GraphiQL. */
const ICON =
  'data:image/svg+xml,%3Csvg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"%3E%3Crect width="16" height="16" rx="4" fill="%23d60590"/%3E%3Cpath d="M6 4.5v7l6-3.5z" fill="%23fff"/%3E%3C/svg%3E';

/** Returns the HTML of the page. Scripts and styles are assets, so that the page itself is small and needs no inline script. */
export function renderPage(options: GraphiqlOptions, assets: Assets): string {
  const { tabs = [], headers = {}, auth = 'none', costReport = false, upstreamHost = null } = options;
  const credential = CREDENTIALS[auth];
  const settings: PageSettings = {
    tabs,
    headers: Object.keys(headers).length === 0 ? '' : JSON.stringify(headers, null, 2),
    credential,
    credentialHeaders: auth === 'api-key' ? ['x-api-key', 'authorization'] : ['authorization'],
    showsCost: costReport,
    workers: {
      editorWorkerService: urlOf(assets, 'editorWorker.js'),
      json: urlOf(assets, 'jsonWorker.js'),
      graphql: urlOf(assets, 'graphqlWorker.js'),
    },
  };
  const [place, explanation] =
    upstreamHost === null
      ? ['Sandbox', 'a simulated RealtimeKit API, nothing here is real']
      : ['RealtimeKit', `the app of this gateway, at ${upstreamHost}`];
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>${TITLE} – GraphiQL</title>
    <link rel="icon" href="${escapeHtml(ICON)}">
    <link rel="stylesheet" href="${escapeHtml(urlOf(assets, 'graphiql.css'))}">
    <link rel="stylesheet" href="${escapeHtml(urlOf(assets, 'page.css'))}">
    <script type="application/json" id="settings">${escapeScript(JSON.stringify(settings))}</script>
    <script defer src="${escapeHtml(urlOf(assets, 'page.js'))}"></script>
    <script defer src="${escapeHtml(urlOf(assets, 'graphiql.js'))}"></script>
  </head>
  <body>
    <header class="status">
      <h1>${TITLE}</h1>
      <p class="status-place"><strong>${place}</strong><span>: ${escapeHtml(explanation)}</span></p>
      <p class="status-auth" title="AUTH=${auth}">${credential === null ? 'No authentication' : `Authentication: ${credential}`}</p>
      <p class="status-budget" id="budget"></p>
      <button type="button" id="copy-link" title="Copies a link to this operation and its variables, without its headers">Copy link</button>
    </header>
    ${notice('link-notice')}
    ${notice('credential-notice')}
    <main id="root">Loading GraphiQL…</main>
    <noscript>GraphiQL needs JavaScript.</noscript>
  </body>
</html>
`;
}

/** A line above GraphiQL, for a message of the script. */
function notice(id: string): string {
  return `<div class="notice" id="${id}" role="alert" hidden><p></p><button type="button" aria-label="Dismiss">×</button></div>`;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Within JSON, `<` stands only in strings. */
function escapeScript(json: string): string {
  return json.replaceAll('<', String.raw`\u003c`);
}
