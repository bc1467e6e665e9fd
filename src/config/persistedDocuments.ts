import { parse } from 'graphql';

import { ConfigError, type Environment, type ReadFile, readFileSetting, readBoolean } from './env.ts';

/** Documents that the operator knows, by their ids. */
export interface TrustedDocuments {
  documents: ReadonlyMap<string, string>;
  /** Whether no other document is served. */
  only: boolean;
}

const EXAMPLE = './persisted-documents.json';

/** Documents that are known by their ids, and whether they are the only ones. */
export function readDocuments(environment: Environment, readFile: ReadFile): TrustedDocuments {
  const only = readBoolean(environment, 'TRUSTED_DOCUMENTS_ONLY', false);
  const path = environment['TRUSTED_DOCUMENTS'];
  if (path) return { documents: readManifest(readFileSetting(readFile, 'TRUSTED_DOCUMENTS', path, EXAMPLE)), only };
  if (only) throw wrong('missing, while TRUSTED_DOCUMENTS_ONLY is on.');
  return { documents: new Map(), only };
}

/** Either `{ "<id>": "<document>" }`, as GraphQL Code Generator and Relay write it, or Apollo's persisted query manifest. */
function readManifest(text: string): Map<string, string> {
  const manifest = readJson(text);
  const rows =
    'operations' in manifest && Array.isArray(manifest.operations)
      ? manifest.operations.map(rowOf)
      : Object.entries(manifest);
  return new Map(rows.map(([id, document]) => [checkText(id).replace(/^sha256:/, ''), checkDocument(document)]));
}

function readJson(text: string): object {
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json;
  } catch {
    throw wrong('the file is not JSON.');
  }
  throw wrong('the file is to be an object of documents by their ids.');
}

/** Of Apollo's manifest. */
function rowOf(operation: unknown): [id: unknown, document: unknown] {
  const { id, body }: { id?: unknown; body?: unknown } =
    typeof operation === 'object' && operation !== null ? operation : {};
  return [id, body];
}

function checkText(value: unknown): string {
  if (typeof value === 'string') return value;
  throw wrong('each id and each document is to be a text.');
}

function checkDocument(value: unknown): string {
  const document = checkText(value);
  try {
    parse(document);
    return document;
  } catch {
    throw wrong(`"${document.slice(0, 40)}" is no GraphQL document.`);
  }
}

function wrong(problem: string): ConfigError {
  return new ConfigError('TRUSTED_DOCUMENTS', problem.replaceAll(/\s+/g, ' '), EXAMPLE);
}
