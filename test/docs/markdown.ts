import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The documentation, as paths from the root. */
export const PAGES = [
  'README.md',
  'CHANGELOG.md',
  ...readdirSync(path.join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`)
    .toSorted(),
];

export const readText = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');

export interface Block {
  page: string;
  /** What stands behind the fence, such as `sh server`. */
  kind: string;
  code: string;
}

/** All fenced code blocks, in order. */
export function blocksOf(page: string): Block[] {
  return Array.from(
    readText(page).matchAll(/^( *)```(\w.*)\n([^]*?)^ *```/gm),
    ([, indent = '', kind = '', code = '']) => ({
      page,
      kind,
      code: code.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    }),
  );
}

/** The blocks of one kind in all pages. */
export const allBlocks = (kind: string): Block[] => PAGES.flatMap(blocksOf).filter((block) => block.kind === kind);

/** The first cells of the tables under a heading, as far as they are code. */
export function namesInTables(page: string, heading?: string): string[] {
  const text = readText(page);
  const section = heading === undefined ? text : (text.split(`\n## ${heading}\n`)[1] ?? '').split('\n## ')[0];
  return Array.from((section ?? '').matchAll(/^\| `([^`]+)`/gm), ([, name = '']) => name);
}

/** The anchors of a page's headings, of one level (such as `##`) or of all, as GitHub makes them. */
export function anchorsOf(page: string, level = '#+'): string[] {
  const prose = readText(page).replaceAll(/^```[^]*?^```/gm, '');
  return Array.from(prose.matchAll(new RegExp(`^${level} (.+)$`, 'gm')), ([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** The relative links of a page whose file or heading does not exist. */
export function brokenLinks(page: string): string[] {
  const prose = readText(page).replaceAll(/^```[^]*?^```/gm, '');
  const targets = Array.from(prose.matchAll(/\]\(([^)\s]+)\)/g), ([, target = '']) => target);
  return targets.filter((target) => {
    if (/^https?:/.test(target)) return false;
    const [file = '', anchor] = target.split('#');
    const linked = file === '' ? page : path.join(path.dirname(page), file);
    if (!existsSync(path.join(ROOT, linked))) return true;
    return anchor !== undefined && !anchorsOf(linked).includes(anchor);
  });
}
