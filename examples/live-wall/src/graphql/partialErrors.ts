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

/** By the id of the object whose field failed: the error of the last result that contains the field, whichever operation it was of. */
const partialErrors = makeVar<ReadonlyMap<string, GraphQLFormattedError>>(new Map());

/** Takes errors at fields that may fail out of the result, and keeps them for `usePartialError`. */
export const partialErrorLink = new ApolloLink((operation, forward) =>
  forward(operation).pipe(
    map((result) => {
      if (!('data' in result)) return result;
      const errors = result.errors ?? [];
      if (!errors.every(({ path }) => FIELDS_THAT_MAY_FAIL.has(path?.at(-1)))) return result;
      if (partialErrors().size > 0 || errors.length > 0) {
        const next = new Map(partialErrors());
        for (const id of ownersIn(result.data)) next.delete(id);
        for (const error of errors) next.set(ownerOf(result.data, error.path ?? []), error);
        partialErrors(next);
      }
      const { errors: _handled, ...rest } = result;
      return rest;
    }),
  ),
);

/** The error because of which a field of the object is null, or undefined if there was none. */
export function usePartialError(id: string): GraphQLFormattedError | undefined {
  return useReactiveVar(partialErrors).get(id);
}

/** The ids of the objects that have a field that may fail. */
function ownersIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const isOwner = Object.keys(value).some((key) => FIELDS_THAT_MAY_FAIL.has(key));
  return [...(isOwner ? [idOf(value)] : []), ...Object.values(value).flatMap(ownersIn)];
}

/** The id of the object that has the field at `path`. */
function ownerOf(data: unknown, path: readonly (string | number)[]): string {
  let value = data;
  for (const key of path.slice(0, -1)) value = propertyOf(value, key);
  return idOf(value);
}

function idOf(value: unknown): string {
  const id = propertyOf(value, 'id');
  return typeof id === 'string' ? id : '';
}

function propertyOf(value: unknown, key: string | number): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}
