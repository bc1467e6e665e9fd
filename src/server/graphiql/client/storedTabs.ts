import { parse, property } from './json.ts';
import type { Operation } from './operation.ts';

/** GraphiQL's keys in the browser's storage. */
const TABS = 'graphiql:tabState';
const HEADERS = 'graphiql:headers';

interface Initial {
  /** The tabs, unless the browser has stored some. */
  defaultTabs: readonly Operation[];
  /** What the editors show first. GraphiQL opens the stored tab with this content, or else adds one. */
  initialQuery: string;
  initialVariables: string;
}

/** Decides which tab GraphiQL opens first: the one of a link, or else the one that was open at the last visit, or else the first example. */
export function chooseTab(storage: Storage, examples: readonly Operation[], linked: Operation | null): Initial {
  const stored = activeTab(storage.getItem(TABS));
  const defaultTabs = linked === null ? examples : [linked, ...examples];
  const { query, variables } = linked ?? stored ?? defaultTabs[0] ?? { query: '', variables: '' };
  return { defaultTabs, initialQuery: query, initialVariables: variables };
}

function activeTab(json: string | null): Operation | null {
  const state = parse(json);
  const index = property(state, 'activeTabIndex');
  const tabs = property(state, 'tabs');
  if (!Array.isArray(tabs) || typeof index !== 'number') return null;
  const tab: unknown = tabs[index];
  return { query: textOf(property(tab, 'query')), variables: textOf(property(tab, 'variables')) };
}

/** Removes the headers that earlier versions of the page have stored: they may contain credentials. */
export function removeStoredHeaders(storage: Storage): void {
  storage.removeItem(HEADERS);
  const tabs = storage.getItem(TABS);
  if (tabs === null) return;
  const clean = JSON.stringify(parse(tabs), (key, value: unknown) => (key === 'headers' ? null : value));
  storage.setItem(TABS, clean);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
