/** One word for how a party stands on a line, to be read across a room. */
import type { PartyView } from '../../generated/PartyView';
import { m } from '../../paraglide/messages.js';

export interface Lamp {
  words: string;
  /** Calm is grey: nothing is to be done. Live: a ring or call is under way. */
  tone: 'calm' | 'live' | 'warn' | 'bad';
  icon: 'down' | 'nobody' | 'soundless' | 'ring' | 'yes' | 'no' | 'wait' | 'watch';
}

/** Nobody hears a ring: nobody is there, or what is there cannot sound. */
const nobody = (party: PartyView): Lamp =>
  party.soundless > 0
    ? { words: m.lamp_soundless(), tone: 'warn', icon: 'soundless' }
    : { words: m.lamp_nobody(), tone: 'warn', icon: 'nobody' };

export function lamp(party: PartyView): Lamp {
  switch (party.ring.kind) {
    case 'none':
      // Of the own node the head of the page says whether it is reached.
      if (!party.reached && !party.own) return { words: m.lamp_path_down(), tone: 'bad', icon: 'down' };
      if (party.onWatch === 0) return nobody(party);
      return { words: m.lamp_watch(), tone: 'calm', icon: 'watch' };
    case 'pathDown':
      return { words: m.lamp_path_down(), tone: 'bad', icon: 'down' };
    case 'sent':
      return { words: m.lamp_sent(), tone: 'live', icon: 'wait' };
    case 'silent':
      return { words: m.lamp_silent(), tone: 'warn', icon: 'wait' };
    case 'received':
      return { words: m.lamp_received(), tone: 'live', icon: 'wait' };
    case 'unstaffed':
      return nobody(party);
    case 'ringing':
      return { words: m.lamp_ringing(), tone: 'live', icon: 'ring' };
    case 'acknowledged':
      return { words: m.lamp_acknowledged(), tone: 'live', icon: 'wait' };
    case 'answered':
      return { words: m.lamp_answered(), tone: 'live', icon: 'yes' };
    case 'declined':
      return { words: m.lamp_declined(), tone: 'bad', icon: 'no' };
    case 'expired':
      return { words: m.lamp_expired(), tone: 'bad', icon: 'no' };
  }
}
