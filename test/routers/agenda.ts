import { createSchema, createYoga } from 'graphql-yoga';

import { at } from '../support/gateway.ts';
import { listen } from './listen.ts';

/** Another team's subgraph: it knows the agendas of meetings, and when which is planned, but nothing of their livestreams. */
export const AGENDA_SDL = /* GraphQL */ `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])

  type Query {
    "The meetings that are planned, in their order."
    plannedMeetings(first: Int = 100): [Meeting!]!
  }

  type Meeting @key(fields: "id") {
    id: ID!
    agenda: String
  }
`;

/** What federation adds to every subgraph. */
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

export const agendaOf = (id: string): string => `What meeting ${id} is about`;

/** Serves it over HTTP. `plan` says which meetings are planned. */
export async function startAgenda() {
  let planned: readonly string[] = [];
  const meeting = (id: string) => ({ id, agenda: agendaOf(id) });
  const yoga = createYoga({
    schema: createSchema({
      typeDefs: SERVED_SDL,
      resolvers: {
        Query: {
          plannedMeetings: (_root: unknown, { first }: { first: number }) => planned.slice(0, first).map(meeting),
          _service: () => ({ sdl: AGENDA_SDL }),
          _entities: (_root: unknown, { representations }: { representations: unknown[] }) =>
            representations.map((representation) => meeting(String(at(representation, 'id')))),
        },
      },
    }),
    logging: false,
  });
  const { origin, [Symbol.asyncDispose]: end } = await listen((request, response) => void yoga(request, response));
  return {
    url: `${origin}/graphql`,
    plan(...ids: string[]): void {
      planned = ids;
    },
    [Symbol.asyncDispose]: end,
  };
}
