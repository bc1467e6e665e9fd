import { handleMaybePromise, type MaybePromise } from '@whatwg-node/promise-helpers';

/**
 * Resolves a field of an entity reference: returns the known value, or loads the entity if the field is missing. Null if
 * upstream has no value, or no such entity.
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
    (entity) => entity?.[field] ?? null,
  );
}
