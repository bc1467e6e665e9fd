import type { Truth } from './observer.ts';
import type { Target, Viewer } from './viewer.ts';

/** What a viewer was told last that is not so, or was not told that is: empty where all is well. */
export function wrongOf(
  { line, target, told }: Pick<Viewer, 'line' | 'target' | 'told'>,
  truths: readonly Truth[],
): string[] {
  return truths.flatMap((truth) => {
    const known = told.get(truth.id);
    if (known === truth.state || (known === undefined && !isDue(target, truth))) return [];
    return [`${line} ${nameOf(target)}: told ${known ?? 'nothing'}, so is ${truth.state}`];
  });
}

/** Whoever watches it by name is told of it, the others while it runs. */
function isDue({ livestreamId, meetingId }: Target, truth: Truth): boolean {
  if (livestreamId !== null) return livestreamId === truth.id;
  return truth.isActive && (meetingId === null || meetingId === truth.meetingId);
}

function nameOf({ livestreamId, meetingId }: Target): string {
  return livestreamId ?? meetingId ?? 'everything';
}
