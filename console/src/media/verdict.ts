/** What the node says of a device that was made of a link and that it has never let in. */
import type { Refusal } from '../generated/Refusal';
import type { View } from '../generated/View';

/** Reasons that do not pass: trying again leads nowhere. */
const FINAL: Refusal[] = ['certificate', 'revoked', 'suspended', 'signature', 'origin'];

/** `refused`: for good; null: nothing that would decide it. */
export function verdict({ node, trouble }: Pick<View, 'node' | 'trouble'>): 'accepted' | 'refused' | null {
  if (node === 'up') return 'accepted';
  const refused = trouble?.kind === 'charter' || (trouble?.kind === 'refused' && FINAL.includes(trouble.reason));
  return refused ? 'refused' : null;
}
