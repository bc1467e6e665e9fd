export interface SchemaLoader {
  /** Reports whether GraphiQL could not fetch the schema for a reason that passes. */
  setMissing: (isMissing: boolean) => void;
  /** Fetches the schema if it is missing. */
  retry: () => void;
}

/** Fetches the schema again after GraphiQL could not: GraphiQL itself tries once. */
export function createSchemaLoader(): SchemaLoader {
  let isMissing = false;
  return {
    setMissing(value) {
      isMissing = value;
    },
    retry() {
      if (!isMissing) return;
      isMissing = false;
      document.querySelector<HTMLElement>('button[aria-label^="Re-fetch GraphQL schema"]')?.click();
    },
  };
}
