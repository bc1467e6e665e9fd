import { createServer } from 'node:http';

import { createSchema, createYoga } from 'graphql-yoga';

/**
 * A second subgraph, as another team could own it. It adds agendas to meetings and does not use livestreams.
 * `npx node examples/agenda.ts` serves it at http://127.0.0.1:4002/graphql. `PORT` sets another port.
 */
export const AGENDA_SDL = /* GraphQL */ `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])

  type Query {
    "The planned meetings, in order."
    plannedMeetings(first: Int = 100): [Meeting!]!
  }

  type Meeting @key(fields: "id") {
    id: ID!
    agenda: String
  }
`;

/** The executable schema: `AGENDA_SDL` plus the fields that federation adds to every subgraph. */
const SERVED_SDL = /* GraphQL */ `
  type Query {
    plannedMeetings(first: Int = 100): [Meeting!]!
    _service: _Service!
    _entities(representations: [_Any!]!): [Meeting]!
  }

  type Meeting {
    id: ID!
    agenda: String
  }

  type _Service {
    sdl: String!
  }

  scalar _Any
`;

/** Returns the agenda of a meeting. */
export const agendaOf = (id: string): string => `What meeting ${id} is about`;

/** Creates the subgraph. `plannedMeetingIds` returns the ids of the planned meetings. */
export function createAgenda(plannedMeetingIds: () => readonly string[]) {
  const meeting = (id: string) => ({ id, agenda: agendaOf(id) });
  return createYoga({
    schema: createSchema({
      typeDefs: SERVED_SDL,
      resolvers: {
        Query: {
          plannedMeetings: (_root: unknown, { first }: { first: number }) =>
            plannedMeetingIds().slice(0, first).map(meeting),
          _service: () => ({ sdl: AGENDA_SDL }),
          _entities: (_root: unknown, { representations }: { representations: { id: unknown }[] }) =>
            representations.map(({ id }) => meeting(String(id))),
        },
      },
    }),
    logging: false,
  });
}

if (import.meta.main) {
  const port = Number(process.env['PORT'] ?? 4002);
  // Two meetings that exist in every sandbox.
  const ids = ['ee92faa1-d467-4416-ab16-59d273777fbb', '7596abad-71a6-49a4-b7a7-9176d107cd85'];
  const agenda = createAgenda(() => ids);
  createServer((request, response) => void agenda(request, response)).listen(port, '127.0.0.1', () => {
    process.stdout.write(`The agenda subgraph is ready at http://127.0.0.1:${port}/graphql\n`);
  });
}
