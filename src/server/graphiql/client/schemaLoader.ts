import { authorizationIn } from './credential.ts';

/** How long after a change of the headers the schema is fetched again, so that this happens once the user stops typing. */
const TYPING_PAUSE_MS = 600;

export interface SchemaLoader {
  /** Reports whether GraphiQL could not fetch the schema for a reason that passes. */
  setMissing: (isMissing: boolean) => void;
  /** Reports that the user has changed the headers: fetches the schema with a new credential if it is missing. */
  onEditHeaders: (headersText: string) => void;
  /** Fetches the schema if it is missing. */
  retry: () => void;
}

/** Fetches the schema again after GraphiQL could not: GraphiQL itself tries once. */
export function createSchemaLoader(): SchemaLoader {
  let isMissing = false;
  let tried: string | null = null;
  let timer: number | undefined;

  function retry(): void {
    if (!isMissing) return;
    isMissing = false;
    document.querySelector<HTMLElement>('button[aria-label^="Re-fetch GraphQL schema"]')?.click();
  }
  return {
    setMissing(value) {
      isMissing = value;
    },
    onEditHeaders(headersText) {
      const authorization = authorizationIn(headersText);
      if (!isMissing || authorization === null || authorization === tried) return;
      window.clearTimeout(timer);
      timer = window.setTimeout(() => {
        tried = authorization;
        retry();
      }, TYPING_PAUSE_MS);
    },
    retry,
  };
}
