import { isDeepStrictEqual } from 'node:util';

import { at } from './json.ts';
import { type Client, createClient } from './load.ts';
import { cold, type Party, unpaced } from './parties.ts';
import { type Program, startProgram } from './program.ts';
import { type BenchQuery, bodyOf, QUERIES } from './queries.ts';
import type { BenchRecording, BenchUpstream } from './upstream.ts';

/** A party's server, running. */
export interface Contestant {
  party: Party;
  /** `cold`: nothing is kept between operations; `warm`: as the party runs by itself, where that is something else. */
  mode: 'cold' | 'warm';
  program: Program;
  client: Client;
}

const MOST_LANES = Math.max(...QUERIES.map(({ lanes }) => lanes));

/** Starts each party, and a second time where it keeps answers. */
export async function startContestants(parties: readonly Party[], upstream: BenchUpstream): Promise<Contestant[]> {
  const contestants: Contestant[] = [];
  for (const party of parties) {
    contestants.push(await startContestant(unpaced(cold(party)), 'cold', upstream));
    if (party.keeps) contestants.push(await startContestant(unpaced(party), 'warm', upstream));
  }
  return contestants;
}

export async function startContestant(
  party: Party,
  mode: Contestant['mode'],
  upstream: BenchUpstream,
): Promise<Contestant> {
  const program = await startProgram(party.file, { ...upstream.env, ...party.env });
  return { party, mode, program, client: createClient(program.origin, MOST_LANES) };
}

export async function endContestant({ client, program }: Contestant): Promise<void> {
  await client.close();
  await program.end();
}

/**
 * Asks everybody everything once; throws where an answer has another status than 200, an error in it, or other data than the first
 * one's. What does not give the same is not worth comparing.
 */
export async function checkAnswers(contestants: readonly Contestant[], upstream: BenchRecording): Promise<void> {
  for (const query of QUERIES) {
    const ask = async (contestant: Contestant) => dataOf(contestant, query, upstream.meetingIds[0] ?? '');
    const [first, ...others] = contestants;
    const expected = first === undefined ? null : await ask(first);
    for (const contestant of others) {
      const data = await ask(contestant);
      if (!isDeepStrictEqual(data, expected)) throw new Error(difference(contestant, query, data, expected));
    }
  }
}

function difference(contestant: Contestant, { name }: BenchQuery, data: unknown, expected: unknown): string {
  const [got, wanted] = [data, expected].map((value) => JSON.stringify(value).slice(0, 600));
  return `${nameOf(contestant)} answers "${name}" with other data than the first party:\n${got}\nexpected\n${wanted}`;
}

async function dataOf(contestant: Contestant, query: BenchQuery, meetingId: string): Promise<unknown> {
  const { status, text } = await contestant.client.ask(bodyOf(query, meetingId));
  const body: unknown = status === 200 ? JSON.parse(text) : undefined;
  const data = at(body, 'data');
  const isWhole = at(body, 'errors') === undefined && typeof data === 'object' && data !== null;
  if (isWhole) return data;
  throw new Error(`${nameOf(contestant)} cannot answer "${query.name}": ${status} ${text.slice(0, 600)}`);
}

export function nameOf({ party, mode }: Contestant): string {
  return party.keeps ? `${party.name} (${mode})` : party.name;
}
