/** Time zone of a party's capital (IANA). Parties that are not listed are shown by UTC only. */
export const zones: Record<string, string> = {
  USA: 'America/New_York',
  JPN: 'Asia/Tokyo',
  KOR: 'Asia/Seoul',
  AUS: 'Australia/Sydney',
  CAN: 'America/Toronto',
  DEU: 'Europe/Berlin',
  FRA: 'Europe/Paris',
  GBR: 'Europe/London',
  PHL: 'Asia/Manila',
};
