/**
 * From this number on, look-ups of meetings or of livestreams in one operation may be answered from a list. To find out whether that takes
 * fewer requests can cost one request.
 */
export const MIN_LOOKUPS_IN_LIST = 3;
