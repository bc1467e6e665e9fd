import { createAgenda } from '../../examples/agenda.ts';
import { listen } from '../support/listen.ts';

/** Serves the example subgraph over HTTP. `plan` sets the ids of the planned meetings. */
export async function startAgendaSubgraph() {
  let plannedMeetingIds: readonly string[] = [];
  const agenda = createAgenda(() => plannedMeetingIds);
  const { origin, [Symbol.asyncDispose]: dispose } = await listen(
    (request, response) => void agenda(request, response),
  );
  return {
    url: `${origin}/graphql`,
    plan(...meetingIds: string[]): void {
      plannedMeetingIds = meetingIds;
    },
    [Symbol.asyncDispose]: dispose,
  };
}
