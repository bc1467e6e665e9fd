import { parse } from 'graphql';
import * as v from 'valibot';

import * as env from './env.ts';

const NOT_AN_OBJECT = 'must name a file with a JSON object of documents by ID.';
const NOT_STRINGS = 'must name a file in which each ID and each document is a string.';

const document = v.pipe(
  v.string(NOT_STRINGS),
  v.check(isGraphql, ({ input }) => `must name a file of GraphQL documents, but "${input.slice(0, 40)}" is not one.`),
);

/** `{ "<id>": "<document>" }`, as GraphQL Code Generator and Relay write it. */
const documentsById = v.pipe(
  v.record(v.string(), document, NOT_AN_OBJECT),
  v.transform((documents) => Object.entries(documents)),
);

/** https://www.apollographql.com/docs/graphos/platform/security/persisted-queries#manifest-format */
const apolloManifest = v.pipe(
  v.object({ operations: v.array(v.object({ id: v.string(NOT_STRINGS), body: document }, NOT_STRINGS)) }),
  v.transform(({ operations }) => operations.map(({ id, body }): [string, string] => [id, body])),
);

const isApolloManifest = v.object({ operations: v.array(v.unknown()) });

const manifest = v.pipe(
  v.string(),
  v.parseJson({}, 'must name a file that contains JSON.'),
  v.check((json) => !Array.isArray(json), NOT_AN_OBJECT),
  v.lazy((json) => (v.is(isApolloManifest, json) ? apolloManifest : documentsById)),
  v.transform(
    (rows): ReadonlyMap<string, string> => new Map(rows.map(([id, text]) => [id.replace(/^sha256:/, ''), text])),
  ),
);

const EXAMPLE = './persisted-documents.json';

export const documentSettings = (readFile: env.ReadFile) => ({
  /** The text of each document by its id. */
  documents: env.setting('TRUSTED_DOCUMENTS', EXAMPLE, v.optional(v.pipe(env.fileText(readFile), manifest))),
  /** Whether the gateway rejects all other documents. */
  isExclusive: env.boolean('TRUSTED_DOCUMENTS_ONLY', false),
});

/** Reads the trusted documents and whether clients may send others. */
export function readDocuments(environment: env.Environment, readFile: env.ReadFile) {
  const { documents, isExclusive } = env.readGroup(environment, documentSettings(readFile));
  if (documents === undefined && isExclusive)
    throw new env.ConfigError('TRUSTED_DOCUMENTS', 'must be set when TRUSTED_DOCUMENTS_ONLY is on.', EXAMPLE);
  return { documents: documents ?? new Map<string, string>(), isExclusive };
}

/** GraphQL documents that clients may send by id. */
export type TrustedDocuments = ReturnType<typeof readDocuments>;

function isGraphql(text: string): boolean {
  try {
    parse(text);
    return true;
  } catch {
    return false;
  }
}
