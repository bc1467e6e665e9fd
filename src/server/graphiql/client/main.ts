import type { PageSettings } from '../pageSettings.ts';
import { BUDGET_QUERY, replaceBudget, showBudget } from './budget.ts';
import { createCredential, headersIn } from './credential.ts';
import { createCredentialCheck } from './credentialCheck.ts';
import { elementOf } from './globals.ts';
import { parse } from './json.ts';
import { createNotice } from './notice.ts';
import { emptyResponseIf, headersInEditor, linkTo, operationInEditors, operationInLink } from './operation.ts';
import { errorMessage, NO_ANSWER, observeRequests, readResult, type Received } from './requests.ts';
import { createCost, type EditedOperation } from './cost.ts';
import { createSchemaLoader } from './schemaLoader.ts';
import { readSettings } from './settings.ts';
import { keepActiveTabVisible } from './tabStrip.ts';
import { chooseTab, removeStoredHeaders } from './storedTabs.ts';

const settings = readSettings();

/** How long the button confirms that the link was copied. */
const CONFIRMATION_MS = 2000;

/** Monaco reads this when `graphiql.js` is evaluated, which is after this script. */
const MonacoEnvironment = {
  globalAPI: true,
  getWorkerUrl: (_module: string, name: keyof PageSettings['workers']) => settings.workers[name],
};
Object.assign(window, { MonacoEnvironment });

// Both scripts are evaluated before this event.
document.addEventListener('DOMContentLoaded', start);

function start(): void {
  const credentialNotice = createNotice('credential-notice');
  const credential = createCredential(settings);
  const schemaLoader = createSchemaLoader();
  let hasRun = false;
  const send = observeRequests({
    prepare({ headers, isIntrospection }) {
      hasRun ||= !isIntrospection;
      credential.complete(headers);
    },
    onResponse,
  });
  const cost = createCost(estimate);
  const linked = operationInLink(window.location);
  removeStoredHeaders(window.localStorage);

  const isNarrow = window.matchMedia('(width < 800px)').matches;
  monaco.editor.onDidCreateEditor((editor) => {
    editor.updateOptions({ wordWrap: 'on', lineNumbers: isNarrow ? 'off' : 'on' });
    keepActiveTabVisible();
    // The other editors are created in the same task.
    if (settings.showsCost) window.setTimeout(startCost);
  });
  // GraphiQL shows in the response pane, too, why it could not fetch the schema.
  emptyResponseIf((text) => !hasRun && errorMessage(parse(text), 'UNAUTHENTICATED') !== null);
  YogaGraphiQL.renderYogaGraphiQL(elementOf('root'), {
    title: '',
    ...chooseTab(window.localStorage, settings.tabs, linked),
    defaultHeaders: settings.headers,
    shouldPersistHeaders: false,
    defaultEditorToolsVisibility: settings.credential === null ? !isNarrow && 'variables' : 'headers',
    // Instead of writing the query into the URL at each change.
    onEditQuery: () => {},
    onEditHeaders:
      settings.credential === null
        ? () => {}
        : createCredentialCheck(credential, (headers) => void checkCredential(headers)),
    onTabChange({ tabs, activeTabIndex }) {
      const tab = tabs[activeTabIndex];
      if (tab !== undefined && settings.showsCost) cost.update(tab);
    },
  });

  if (linked !== null) {
    createNotice('link-notice').show('This operation comes from a link. Read it before you run it.');
    // Otherwise the next visit with this URL would open the operation once more.
    window.history.replaceState(null, '', window.location.pathname);
  }
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) void refreshBudget();
  });
  elementOf('copy-link').addEventListener('click', () => void copyLink());
  void refreshBudget();

  function onResponse({ headers, isIntrospection, status, result }: Received): void {
    // Not with other errors: where introspection is off, it would fail again.
    if (isIntrospection) schemaLoader.setMissing(status === 401 || status >= 500);
    const problem = errorMessage(result, 'UNAUTHENTICATED');
    if (problem !== null) {
      credentialNotice.show(explainCredential(credential.isBlank(headers) ? null : problem));
      return;
    }
    // The events of a stream may still report that the credential is wrong.
    if (result !== null && status < 500) {
      credential.accept(headers);
      credentialNotice.hide();
      cost.retry();
    }
    if (!isIntrospection) schemaLoader.retry();
    void refreshBudget();
  }

  async function requestBudget(headers: Headers): Promise<{ status: number; result: unknown } | null> {
    headers.set('content-type', 'application/json');
    const body = JSON.stringify({ query: BUDGET_QUERY });
    const sent = send(window.location.pathname, { method: 'POST', headers, body });
    return sent
      .then(async (response) => ({ status: response.status, result: await readResult(response) }))
      .catch(() => null);
  }

  /** Checks the credential that the user has entered. The query for the budget needs no upstream request. */
  async function checkCredential(headers: Headers): Promise<void> {
    const received = await requestBudget(headers);
    if (received !== null) onResponse({ headers, isIntrospection: false, ...received });
  }

  async function refreshBudget(): Promise<void> {
    if (settings.credential !== null && !credential.isKnown()) return;
    const headers = new Headers();
    credential.add(headers);
    const received = await requestBudget(headers);
    if (received === null) replaceBudget(NO_ANSWER);
    else showBudget(received.result);
  }

  function startCost(): void {
    cost.start({ ...operationInEditors(), headers: headersInEditor(), operationName: null });
  }

  /** Resolves with the result of a dry run; null if the gateway would reject it anyway. Sends no upstream request. */
  async function estimate({ query, variables, headers: text, operationName }: EditedOperation): Promise<unknown> {
    const headers = headersIn(text ?? '');
    credential.complete(headers);
    if (settings.credential !== null && credential.isBlank(headers)) return null;
    headers.set('content-type', 'application/json');
    headers.set('x-cost', 'estimate');
    const body = JSON.stringify({ query, operationName, variables: parse(variables) });
    const response = await send(window.location.pathname, { method: 'POST', headers, body });
    const result = await readResult(response);
    // The check of what was entered may still wait for the user to stop typing.
    const isAccepted = result !== null && response.status < 500 && errorMessage(result, 'UNAUTHENTICATED') === null;
    if (isAccepted) credential.accept(headers);
    return result;
  }

  async function copyLink(): Promise<void> {
    const operation = operationInEditors();
    if (operation.query.trim() === '') return confirm('Nothing to copy');
    const link = linkTo(operation, window.location);
    // Browsers give pages of other machines access to the clipboard only over HTTPS.
    const isCopied =
      'clipboard' in navigator &&
      (await navigator.clipboard.writeText(link).then(
        () => true,
        () => false,
      ));
    if (!isCopied) window.history.replaceState(null, '', link);
    confirm(isCopied ? 'Link copied' : 'Link is in the address bar');
  }

  function confirm(message: string): void {
    const button = elementOf('copy-link');
    button.textContent = message;
    window.setTimeout(() => {
      button.textContent = 'Copy link';
    }, CONFIRMATION_MS);
  }
}

/** `problem` is what is wrong with the credential; null if the user has entered none. */
function explainCredential(problem: string | null): string {
  const credential = settings.credential ?? 'credential';
  const alternative = settings.credentialHeaders.includes('x-api-key')
    ? `enter "x-api-key": "<${credential}>", or `
    : '';
  return `${problem ?? `This gateway needs your ${credential}.`} Open Headers below the query and ${alternative}complete "authorization": "Bearer <${credential}>". The schema then loads by itself. Other tabs use the same ${credential}; the browser does not store it.`;
}
