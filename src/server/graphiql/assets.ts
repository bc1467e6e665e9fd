import { clientScript, clientStyles } from '../../generated/graphiqlClient.ts';
import { createTextAsset, type TextAsset } from './textAsset.ts';

const SCRIPT = 'text/javascript; charset=utf-8';
const STYLES = 'text/css; charset=utf-8';

/** The files that the page of GraphiQL loads. */
export type AssetName = keyof Awaited<ReturnType<typeof loadAssets>>;

/**
 * Loads GraphiQL and its workers from the package, which contains them as texts of 9 MB in all, and the scripts and styles that the
 * gateway adds. Called with the first visit.
 */
export async function loadAssets() {
  const graphiql = await import('@graphql-yoga/render-graphiql/graphiql');
  const [script, styles, editorWorker, jsonWorker, graphqlWorker, pageScript, pageStyles] = await Promise.all([
    createTextAsset(SCRIPT, graphiql.js),
    createTextAsset(STYLES, graphiql.css),
    createTextAsset(SCRIPT, graphiql.editorWorkerService),
    createTextAsset(SCRIPT, graphiql.jsonWorker),
    createTextAsset(SCRIPT, graphiql.graphqlWorker),
    createTextAsset(SCRIPT, clientScript),
    createTextAsset(STYLES, clientStyles),
  ]);
  return {
    'graphiql.js': script,
    'graphiql.css': styles,
    'editorWorker.js': editorWorker,
    'jsonWorker.js': jsonWorker,
    'graphqlWorker.js': graphqlWorker,
    'page.js': pageScript,
    'page.css': pageStyles,
  } satisfies Record<string, TextAsset>;
}

export type Assets = Readonly<Record<AssetName, TextAsset>>;

/** The parameters of an asset's URL. */
export const ASSET = 'asset';
export const VERSION = 'v';

/**
 * Returns the URL of an asset, relative to the page's. It has the path of the page, so that it works wherever a proxy serves that, and
 * changes with the asset.
 */
export function urlOf(assets: Assets, name: AssetName): string {
  return `?${new URLSearchParams({ [ASSET]: name, [VERSION]: assets[name].hash })}`;
}
