import { at } from '../gateway.ts';

/** An object in an answer that tells when upstream told it. */
export interface SeenRow {
  type: string;
  id: string;
  /** `updatedAt`, in milliseconds: the sandbox tells the moment of its answer there. */
  toldAt: number;
  hasEnded: boolean;
  /** Of which livestream; null: of none. */
  livestreamId: string | null;
  /** The list that it stands in: all livestreams (`all`), or those of the meeting of this id. */
  list: string | null;
}

/** What an answer showed. */
export interface Seen {
  rows: SeenRow[];
  /** Each meeting's active livestream's id, where the answer tells it. */
  actives: { meetingId: string; id: string | null }[];
  /** By meeting: the ids in the list of its livestreams. */
  lists: { meetingId: string; ids: string[] }[];
  /** Texts that tell whose they are. */
  texts: string[];
}

const TEXTS = new Set(['name', 'title', 'errorMessage']);

/** Reads an answer. `failed`: the paths of its errors, of which nothing can be said. */
export function readSeen(data: unknown, failed: readonly string[]): Seen {
  const seen: Seen = { rows: [], actives: [], lists: [], texts: [] };

  function visit(value: unknown, path: string, list: string | null): void {
    if (typeof value !== 'object' || value === null) return;
    readRow(value, list);
    for (const [key, member] of Object.entries(value)) {
      const memberPath = path === '' ? key : `${path}.${key}`;
      if (TEXTS.has(key) && typeof member === 'string') seen.texts.push(member);
      const hasFailed = failed.some((one) => one === memberPath || one.startsWith(`${memberPath}.`));
      const id = at(value, 'id');
      if (key === 'activeLivestream' && !hasFailed) seen.actives.push({ meetingId: String(id), id: idOf(member) });
      if (key === 'livestreams' && !hasFailed && typeof id === 'string')
        seen.lists.push({ meetingId: id, ids: idsOf(member) });
      const isList = key === 'livestreams';
      visit(
        member,
        memberPath,
        isList ? (typeof id === 'string' ? id : 'all') : key === 'nodes' || Array.isArray(value) ? list : null,
      );
    }
  }

  function readRow(value: object, list: string | null): void {
    const [type, id, told] = [at(value, '__typename'), at(value, 'id'), at(value, 'updatedAt')];
    if (typeof type !== 'string' || typeof id !== 'string' || typeof told !== 'string') return;
    const livestreamId = type === 'Livestream' ? id : idOf(at(value, 'livestream'));
    const hasEnded = typeof at(value, 'stoppedAt') === 'string';
    seen.rows.push({ type, id, toldAt: Date.parse(told), hasEnded, livestreamId, list });
  }

  visit(data, '', null);
  return seen;
}

function idOf(value: unknown): string | null {
  const id = at(value, 'id');
  return typeof id === 'string' ? id : null;
}

function idsOf(connection: unknown): string[] {
  const nodes = at(connection, 'nodes');
  return Array.isArray(nodes) ? nodes.map((node: unknown) => String(at(node, 'id'))) : [];
}
