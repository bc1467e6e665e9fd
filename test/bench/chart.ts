import { nameOf } from './contestants.ts';
import type { Measured } from './measure.ts';
import { median, shown } from './numbers.ts';
import { QUERIES } from './queries.ts';

const WIDTH = 760;
const LABEL = 150;
const VALUE = 80;
const BAR = 18;
const STEP = 24;
const HEAD = 34;
const MARGIN = 16;

/** The looks for a light and a dark page: the picture follows the reader's setting. */
const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #24292f }
  .title { font-weight: 600; font-size: 13px }
  .ours { fill: #0969da } .other { fill: #8c959f }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .ours { fill: #4493f8 } .other { fill: #6e7681 }
  }`;

/** CPU time per operation, a group of bars for each query. */
export function drawChart(measured: readonly Measured[]): string {
  const parts: string[] = [];
  let top = MARGIN;
  for (const query of QUERIES) {
    const rows = measured.filter((row) => row.query === query);
    parts.push(
      `<text class="title" x="${MARGIN}" y="${top + 14}">${escaped(`${query.name}: CPU µs per operation`)}</text>`,
    );
    parts.push(...bars(rows, top + HEAD - 8));
    top += HEAD + rows.length * STEP;
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${top + MARGIN}" role="img">`,
    '<title>CPU time per operation of each gateway</title>',
    `<style>${STYLE}</style>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

function bars(rows: readonly Measured[], top: number): string[] {
  const longest = Math.max(...rows.map(({ cpu }) => median(cpu)));
  return rows.flatMap(({ contestant, cpu }, index) => {
    const y = top + index * STEP;
    const width = Math.max(1, (median(cpu) / longest) * (WIDTH - LABEL - VALUE - MARGIN));
    const kind = contestant.party.name === 'ours' ? 'ours' : 'other';
    return [
      `<text x="${LABEL - 8}" y="${y + 13}" text-anchor="end">${escaped(nameOf(contestant))}</text>`,
      `<rect class="${kind}" x="${LABEL}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" rx="2"/>`,
      `<text x="${(LABEL + width + 6).toFixed(1)}" y="${y + 13}">${shown(median(cpu))}</text>`,
    ];
  });
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
