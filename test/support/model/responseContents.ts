import { at } from '../gateway.ts';

/** An object in a response that contains the time at which upstream sent it. */
export interface ResponseRow {
  type: string;
  id: string;
  /** `updatedAt` in milliseconds since the Unix epoch: the model's sandbox puts the time of its response there. */
  sentAt: number;
  hasEnded: boolean;
  /** The livestream that the object belongs to, or null. */
  livestreamId: string | null;
  /** The list that contains the object: `all` livestreams, or those of the meeting with this id. */
  list: string | null;
}

/** What a response contains. */
export interface ResponseContents {
  rows: ResponseRow[];
  /** The id of each meeting's active livestream, as far as selected. */
  actives: { meetingId: string; id: string | null }[];
  /** The ids in each meeting's list of livestreams. */
  lists: { meetingId: string; ids: string[] }[];
  /** Texts that begin with the credential that they belong to. */
  texts: string[];
}

const TEXT_FIELDS = new Set(['name', 'title', 'errorMessage']);

/** Collects what a response contains, except at the paths of its errors. */
export function readResponse(data: unknown, errorPaths: readonly string[]): ResponseContents {
  const contents: ResponseContents = { rows: [], actives: [], lists: [], texts: [] };

  function visit(value: unknown, path: string, list: string | null): void {
    if (typeof value !== 'object' || value === null) return;
    readRow(value, list);
    for (const [key, member] of Object.entries(value)) {
      const memberPath = path === '' ? key : `${path}.${key}`;
      if (TEXT_FIELDS.has(key) && typeof member === 'string') contents.texts.push(member);
      const hasFailed = errorPaths.some(
        (errorPath) => errorPath === memberPath || errorPath.startsWith(`${memberPath}.`),
      );
      const id = at(value, 'id');
      if (key === 'activeLivestream' && !hasFailed) contents.actives.push({ meetingId: String(id), id: idOf(member) });
      if (key === 'livestreams' && !hasFailed && typeof id === 'string')
        contents.lists.push({ meetingId: id, ids: idsOf(member) });
      const isList = key === 'livestreams';
      visit(
        member,
        memberPath,
        isList ? (typeof id === 'string' ? id : 'all') : key === 'nodes' || Array.isArray(value) ? list : null,
      );
    }
  }

  function readRow(value: object, list: string | null): void {
    const [type, id, updatedAt] = [at(value, '__typename'), at(value, 'id'), at(value, 'updatedAt')];
    if (typeof type !== 'string' || typeof id !== 'string' || typeof updatedAt !== 'string') return;
    const livestreamId = type === 'Livestream' ? id : idOf(at(value, 'livestream'));
    const hasEnded = typeof at(value, 'stoppedAt') === 'string';
    contents.rows.push({ type, id, sentAt: Date.parse(updatedAt), hasEnded, livestreamId, list });
  }

  visit(data, '', null);
  return contents;
}

function idOf(value: unknown): string | null {
  const id = at(value, 'id');
  return typeof id === 'string' ? id : null;
}

function idsOf(connection: unknown): string[] {
  const nodes = at(connection, 'nodes');
  return Array.isArray(nodes) ? nodes.map((node: unknown) => String(at(node, 'id'))) : [];
}
