import type { Random } from './random.ts';

const OCCASIONS = [
  'Weekly town hall',
  'Sales kick-off',
  'Engineering demo day',
  'Product briefing',
  'New-starter welcome',
  'Quarterly results',
  'Design review',
  'Security briefing',
  'Partner update',
  'Customer question time',
];

const TOWNS = [
  ['Lisbon', 'Austin', 'Bengaluru', 'Toronto', 'Warsaw', 'Nairobi', 'Osaka', 'Leeds'],
  ['São Paulo', 'Gdańsk', 'Melbourne', 'Seoul', 'Montréal', 'Cape Town', 'Denver', 'Utrecht'],
  ['Kraków', 'Dublin', 'Zürich', 'Valparaíso', 'Pune', 'Tallinn', 'Accra', 'Malmö'],
].flat();

const CLUBS = [
  'Knitting circle',
  'Spanish conversation',
  'Sourdough workshop',
  'Chess club',
  'Morning yoga',
  'Watercolour evening',
  'Guitar lesson',
  'Book club',
  'Garden advice hour',
  'Choir rehearsal',
];

const GROUPS = ['beginners', 'improvers', 'advanced', 'open session', 'Tuesday group', 'weekend group'];

/** Names of livestreams without a meeting, which an encoder feeds. */
export const INDEPENDENT_NAMES = [
  'Harbour cam, round the clock',
  'Sunday service',
  'Council chamber',
  'Jazz festival, stage two',
  'Riverside regatta',
  'Owl nest box',
  'School sports day',
  'Village hall quiz night',
  'Observatory, night sky',
  'Farmers market',
  'Graduation ceremony',
  'Model railway exhibition',
  'Marathon finish line',
  'Charity auction',
];

/** Returns `count` different meeting titles (at most 300) in random order. */
export function meetingTitles(count: number, random: Random): string[] {
  const company = OCCASIONS.flatMap((occasion) => TOWNS.map((town) => `${occasion} - ${town}`));
  const clubs = CLUBS.flatMap((club) => GROUPS.map((group) => `${club}, ${group}`));
  return random.shuffled([...company, ...clubs]).slice(0, count);
}
