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
  /** How callers authenticate, such as `API key`; null if they need not. */
  credential: string | null;
  /** The names of the headers that may contain the credential, in the gateway's order of preference. */
  credentialHeaders: readonly string[];
  /** Whether the gateway estimates what an operation costs. */
  showsCost: boolean;
  /** The URLs of the editor's workers, by Monaco's names for them. */
  workers: Readonly<Record<'editorWorkerService' | 'json' | 'graphql', string>>;
}
