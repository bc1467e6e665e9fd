import { handleMaybePromise, type MaybePromise } from '@whatwg-node/promise-helpers';

/**
 * A field of an entity of which at least the id is known: given as it is where it was told already, else loaded. Null when
 * upstream tells nothing, or when there is no such entity.
 */
export function resolveLazyField<Ref extends { id: string }, Field extends keyof Ref>(
  ref: Ref,
  field: Field,
  loader: { load(id: string): MaybePromise<Ref | null> },
): MaybePromise<NonNullable<Ref[Field]> | null> {
  const known = ref[field];
  if (known !== undefined) return known ?? null;
  return handleMaybePromise(
    () => loader.load(ref.id),
    (loaded) => loaded?.[field] ?? null,
  );
}
