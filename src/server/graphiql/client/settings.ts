import type { PageSettings } from '../pageSettings.ts';
import { elementOf } from './globals.ts';
import { property } from './json.ts';

/** Reads what the server has written into the page. */
export function readSettings(): PageSettings {
  const settings: unknown = JSON.parse(elementOf('settings').textContent);
  if (!isSettings(settings)) throw new Error('The settings of the page are missing.');
  return settings;
}

function isSettings(value: unknown): value is PageSettings {
  return Array.isArray(property(value, 'tabs')) && typeof property(value, 'workers') === 'object';
}
