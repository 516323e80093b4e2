/** What the node says of a device that was made of a link and that it has never let in. */
import type { Refusal } from '../generated/Refusal';
import type { View } from '../generated/View';

/** Whether trying again leads nowhere. Each reason is named, so that a new one cannot be forgotten; what is about acts says nothing of the device. */
const FINAL: Record<Refusal, boolean> = {
  certificate: true,
  revoked: true,
  suspended: true,
  signature: true,
  origin: true,
  protocol: false,
  busy: false,
  catchingUp: false,
  notOnLine: false,
  replayed: false,
  malformed: false,
  epoch: false,
  notNow: false,
  aboveAuthority: false,
  role: false,
  notOwn: false,
  policy: false,
  dropped: false,
  time: false,
  otherOffice: false,
  noConsultation: false,
  otherNode: false,
  otherCharter: false,
  outdated: false,
  ahead: false,
  noSeat: false,
};

/** `refused`: for good; null: nothing that would decide it. */
export function verdict({ node, trouble }: Pick<View, 'node' | 'trouble'>): 'accepted' | 'refused' | null {
  if (node === 'up') return 'accepted';
  const refused = trouble?.kind === 'charter' || (trouble?.kind === 'refused' && FINAL[trouble.reason]);
  return refused ? 'refused' : null;
}
