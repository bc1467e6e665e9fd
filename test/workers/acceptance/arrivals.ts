/** The requests that the test has announced and that have not arrived yet. */
export type Arrivals = ReturnType<typeof createArrivals>;

export function createArrivals() {
  const announced = new Map<number, PromiseWithResolvers<void>>();
  return {
    announce: (id: number): void => void announced.set(id, Promise.withResolvers()),
    /** The request has arrived, or never will. */
    end: (id: number): void => {
      announced.get(id)?.resolve();
      announced.delete(id);
    },
    /** Resolves when all requests have arrived that are announced now. */
    all: async (): Promise<void> => {
      await Promise.all(Array.from(announced.values(), async ({ promise }) => promise));
    },
  };
}
