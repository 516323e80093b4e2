import { m } from '../paraglide/messages.js';
import type { DeskError, DeskTrouble } from './desk';

const troubles: Record<Exclude<DeskTrouble, 'refused'>, () => string> = {
  key: m.desk_key,
  charter: m.desk_charter,
  office: m.desk_office,
  name: m.desk_name,
  time: m.desk_failed,
  random: m.desk_failed,
  node: m.desk_node,
  device: m.desk_failed,
  unreached: m.desk_unreached,
  failed: m.desk_failed,
};

/** What went wrong at the desk and what to do. The node's own reasons are in English. */
export function deskWords({ trouble, said }: DeskError): string {
  return trouble === 'refused' ? m.desk_refused({ why: said }) : troubles[trouble]();
}
