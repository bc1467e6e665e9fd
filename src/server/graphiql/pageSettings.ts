/** An operation and its variables as JSON, empty for none. */
export interface ExampleTab {
  query: string;
  variables: string;
}

/** What the script of the page gets from the server. Anyone may see it: it must not contain secrets or account ids. */
export interface PageSettings {
  tabs: readonly ExampleTab[];
  /** The headers of new tabs, as JSON; empty for none. */
  headers: string;
  /** What callers put into the header `authorization`, such as `API key`; null if they need not authenticate. */
  credential: string | null;
  /** The URLs of the editor's workers, by Monaco's names for them. */
  workers: Readonly<Record<'editorWorkerService' | 'json' | 'graphql', string>>;
}
