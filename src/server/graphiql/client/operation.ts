/** An operation, and its variables as JSON. */
export interface Operation {
  query: string;
  variables: string;
}

/**
 * Returns the operation that a link names, in its fragment or its query; null if it names none. Nothing else of a link is used: a link
 * cannot set headers, and an operation runs only when the user runs it.
 */
export function operationInLink({ hash, search }: Pick<URL, 'hash' | 'search'>): Operation | null {
  const parameters = [hash.slice(1), search].map((text) => new URLSearchParams(text)).find((each) => each.has('query'));
  const query = parameters?.get('query') ?? '';
  return query === '' ? null : { query, variables: parameters?.get('variables') ?? '' };
}

/** Returns a link that opens GraphiQL with the operation. It is in the fragment, which browsers do not send to servers and proxies. */
export function linkTo(
  { query, variables }: Operation,
  { origin, pathname }: Pick<URL, 'origin' | 'pathname'>,
): string {
  const parameters = new URLSearchParams({ query, ...(variables.trim() !== '' && { variables }) });
  return `${origin}${pathname}#${parameters}`;
}

/** Returns the operation in GraphiQL's editors. */
export function operationInEditors(): Operation {
  return { query: textOf('operation.graphql'), variables: textOf('variables.json') };
}

/** Returns the text of GraphiQL's headers editor. */
export function headersInEditor(): string {
  return textOf('request-headers.json');
}

/** Empties the response pane whenever GraphiQL has filled it with an unwanted text. */
export function emptyResponseIf(isUnwanted: (text: string) => boolean): void {
  monaco.editor.onDidCreateModel((model) => {
    if (!model.uri.path.endsWith('response.json')) return;
    model.onDidChangeContent(() => {
      if (isUnwanted(model.getValue())) model.setValue('');
    });
  });
}

function textOf(fileName: string): string {
  return (
    monaco.editor
      .getModels()
      .find(({ uri }) => uri.path.endsWith(fileName))
      ?.getValue() ?? ''
  );
}
