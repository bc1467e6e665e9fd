import { ANY_SESSION, livestreamTag, livestreamTags, meetingTag } from '../../data/cache/tags.ts';
import type { Entity, LivestreamRef, MaybeEntity } from '../../domain/models.ts';

/** What each representation of `_entities` depends on, in the same order. */
export class EntityTags {
  readonly #lists: string[][];
  /** The representations of which more is selected than what their own tags cover. */
  readonly #partial = new Set<number>();

  constructor(count: number) {
    this.#lists = Array.from({ length: count }, () => []);
  }

  /** The tags of each representation. `all`: what the whole result depends on. */
  lists(all: readonly string[]): string[][] {
    return this.#lists.map((tags, index) => (this.#partial.has(index) ? [...new Set([...tags, ...all])] : tags));
  }

  /** Gives the representation all tags of the result, because its own do not cover what is selected. */
  addAll(index: number): void {
    this.#partial.add(index);
  }

  /** `entity`: what the representation refers to; null if it does not exist. */
  add(index: number, type: Entity['__typename'], id: string, entity: MaybeEntity): void {
    if (type === 'Meeting') return this.#push(index, [meetingTag(id)]);
    if (type === 'Livestream') {
      const meetingId = entity !== null && 'meetingId' in entity ? entity.meetingId : null;
      return this.#push(index, livestreamTags(id, meetingId));
    }
    const livestreamId = entity !== null && 'livestreamId' in entity ? entity.livestreamId : null;
    return this.#push(index, [livestreamId === null ? ANY_SESSION : livestreamTag(livestreamId)]);
  }

  /** The representation is a meeting whose active livestream is selected. */
  addActiveLivestream(index: number, livestream: LivestreamRef | null): void {
    if (livestream !== null) this.#push(index, [livestreamTag(livestream.id)]);
  }

  #push(index: number, tags: string[]): void {
    this.#lists[index]?.push(...tags);
  }
}
