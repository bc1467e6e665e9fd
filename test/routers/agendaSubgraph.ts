import { createAgenda } from '../../examples/agenda.ts';
import { listen } from './listen.ts';

/** Serves the agenda over HTTP. `plan` sets the planned meetings. */
export async function startAgenda() {
  let planned: readonly string[] = [];
  const agenda = createAgenda(() => planned);
  const { origin, [Symbol.asyncDispose]: end } = await listen((request, response) => void agenda(request, response));
  return {
    url: `${origin}/graphql`,
    plan(...ids: string[]): void {
      planned = ids;
    },
    [Symbol.asyncDispose]: end,
  };
}
