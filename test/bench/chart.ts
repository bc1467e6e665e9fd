import { BENCH_QUERIES } from './benchQueries.ts';
import type { Measurement } from './measure.ts';
import { displayName } from './runningServers.ts';
import { formatNumber, median } from './statistics.ts';

// Sizes in SVG user units.
const CHART_WIDTH = 760;
const LABEL_WIDTH = 150;
const VALUE_WIDTH = 80;
const BAR_HEIGHT = 18;
const ROW_HEIGHT = 24;
const TITLE_HEIGHT = 34;
const MARGIN = 16;

/** Follows the light or dark color scheme of the reader's browser. */
const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #24292f }
  .title { font-weight: 600; font-size: 13px }
  .ours { fill: #0969da } .other { fill: #8c959f }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .ours { fill: #4493f8 } .other { fill: #6e7681 }
  }`;

/** Draws an SVG bar chart of the CPU time per operation, with one group of bars per query. */
export function drawChart(measurements: readonly Measurement[]): string {
  const parts: string[] = [];
  let top = MARGIN;
  for (const query of BENCH_QUERIES) {
    const group = measurements.filter((measurement) => measurement.query === query);
    parts.push(
      `<text class="title" x="${MARGIN}" y="${top + 14}">${escapeXml(`${query.name}: CPU µs per operation`)}</text>`,
    );
    parts.push(...drawBars(group, top + TITLE_HEIGHT - 8));
    top += TITLE_HEIGHT + group.length * ROW_HEIGHT;
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${CHART_WIDTH} ${top + MARGIN}" role="img">`,
    '<title>CPU time per operation of each server</title>',
    `<style>${STYLE}</style>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

function drawBars(measurements: readonly Measurement[], top: number): string[] {
  const maxCpu = Math.max(...measurements.map(({ cpuMicroseconds }) => median(cpuMicroseconds)));
  return measurements.flatMap(({ server, cpuMicroseconds }, index) => {
    const cpu = median(cpuMicroseconds);
    const y = top + index * ROW_HEIGHT;
    const width = Math.max(1, (cpu / maxCpu) * (CHART_WIDTH - LABEL_WIDTH - VALUE_WIDTH - MARGIN));
    const cssClass = server.spec.name === 'ours' ? 'ours' : 'other';
    return [
      `<text x="${LABEL_WIDTH - 8}" y="${y + 13}" text-anchor="end">${escapeXml(displayName(server))}</text>`,
      `<rect class="${cssClass}" x="${LABEL_WIDTH}" y="${y}" width="${width.toFixed(1)}" height="${BAR_HEIGHT}" rx="2"/>`,
      `<text x="${(LABEL_WIDTH + width + 6).toFixed(1)}" y="${y + 13}">${formatNumber(cpu)}</text>`,
    ];
  });
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
