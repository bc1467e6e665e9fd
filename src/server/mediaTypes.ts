/** A media type, or a range of them, from a header field. */
export interface MediaType {
  /** In lower case: `application/json`, `text/*`. */
  name: string;
  /** Names and values in lower case, values without quotes. */
  parameters: ReadonlyMap<string, string>;
}

/** What stands between commas or semicolons. Both may also stand within quotes (RFC 9110, section 5.6.4). */
const LIST_ITEM = /(?:[^",]|"(?:[^"\\]|\\.)*"?)+/g;
const PARAMETER = /(?:[^";]|"(?:[^"\\]|\\.)*"?)+/g;

/** Parses `Content-Type`, or a list such as `Accept`. Anything is accepted: what is not a media type equals none. */
export function parseMediaTypes(header: string): MediaType[] {
  return Array.from(header.matchAll(LIST_ITEM), ([item]) => parseMediaType(item)).filter(({ name }) => name !== '');
}

function parseMediaType(text: string): MediaType {
  const [name = '', ...parameters] = Array.from(text.matchAll(PARAMETER), ([part]) => part.trim().toLowerCase());
  return { name, parameters: new Map(parameters.map(parseParameter)) };
}

function parseParameter(text: string): [string, string] {
  const [name = '', ...value] = text.split('=');
  return [
    name.trim(),
    value
      .join('=')
      .trim()
      .replace(/^"(.*)"$/, '$1')
      .replaceAll(/\\(.)/g, '$1'),
  ];
}
