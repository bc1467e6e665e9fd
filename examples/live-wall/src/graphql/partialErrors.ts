import { ApolloLink, makeVar } from '@apollo/client';
import { useReactiveVar } from '@apollo/client/react';
import type { GraphQLFormattedError } from 'graphql';
import { map } from 'rxjs';

/**
 * The fields whose failure the page shows in place. They are nullable without an error, too, so their types stay true when they
 * fail. An error at any other field fails the whole operation (Apollo Client's error policy `none`): a `@semanticNonNull` field
 * that the types declare as non-null is then never read as null.
 */
const FIELDS_THAT_MAY_FAIL: ReadonlySet<string | number | undefined> = new Set(['activeSession']);

/** For each operation with its variables: the errors of its last result, by the id of the object whose field failed. */
type PartialErrors = ReadonlyMap<string, ReadonlyMap<string, GraphQLFormattedError>>;

const partialErrors = makeVar<PartialErrors>(new Map());

/** Takes errors at fields that may fail out of the result, and keeps them for `usePartialError`. */
export const partialErrorLink = new ApolloLink((operation, forward) => {
  const key = JSON.stringify([operation.operationName, operation.variables]);
  return forward(operation).pipe(
    map((result) => {
      if (!('data' in result)) return result;
      const errors = result.errors ?? [];
      if (!errors.every(({ path }) => FIELDS_THAT_MAY_FAIL.has(path?.at(-1)))) return result;
      const failed = new Map(errors.map((error) => [ownerOf(result.data, error.path ?? []), error]));
      if (failed.size > 0 || partialErrors().has(key)) partialErrors(new Map(partialErrors()).set(key, failed));
      const { errors: _handled, ...rest } = result;
      return rest;
    }),
  );
});

/** The error because of which a field of the object is null, or undefined if there was none. */
export function usePartialError(id: string): GraphQLFormattedError | undefined {
  for (const errors of useReactiveVar(partialErrors).values()) {
    const error = errors.get(id);
    if (error !== undefined) return error;
  }
  return undefined;
}

/** The id of the object that has the field at `path`. */
function ownerOf(data: unknown, path: readonly (string | number)[]): string {
  let value = data;
  for (const key of path.slice(0, -1)) value = propertyOf(value, key);
  const id = propertyOf(value, 'id');
  return typeof id === 'string' ? id : '';
}

function propertyOf(value: unknown, key: string | number): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}
