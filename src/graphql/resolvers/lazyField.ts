import type { MaybePromise } from '@whatwg-node/promise-helpers';

import type { Context } from '../context.ts';
import type { OperationLoaders } from '../loaders/operationLoaders.ts';
import { whenReady } from '../../lib/maybePromise.ts';

/**
 * Returns a function that creates the resolver of a field of an entity reference. The resolver returns the known value, or loads the
 * entity if the field is missing. Null if upstream has no value, or no such entity.
 */
export function lazyFieldOf<Ref extends { id: string }>(
  loaderOf: (loaders: OperationLoaders) => { load(id: string): MaybePromise<Ref | null> },
) {
  return <Field extends keyof Ref>(field: Field) =>
    (ref: Ref, _args: object, { loaders }: Context): MaybePromise<NonNullable<Ref[Field]> | null> => {
      const known = ref[field];
      if (known !== undefined) return known ?? null;
      return whenReady(loaderOf(loaders).load(ref.id), (entity) => entity?.[field] ?? null);
    };
}
