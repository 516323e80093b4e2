/** Whether a ring is heard here, in words. */
import type { Choice } from '../media/engine';
import { m } from '../paraglide/messages.js';
import type { RingSound } from './ringtone';

/** A ring is heard here, on whatever way. */
export const isHeard = (sound: RingSound): boolean => sound !== 'silent' && sound !== 'mute';

/** `output`: the one that was chosen. */
export function ringSound(sound: RingSound, output: Choice | null): { words: string; tone: 'soft' | 'warn' | 'bad' } {
  switch (sound) {
    case 'sounds':
      return { words: output ? m.ring_sounds_on({ name: output.label }) : m.ring_sounds(), tone: 'soft' };
    case 'elsewhere':
      return { words: m.ring_elsewhere({ name: output?.label ?? '' }), tone: 'warn' };
    case 'second':
      return { words: m.ring_second(), tone: 'warn' };
    case 'mute':
      return { words: m.sound_mute(), tone: 'bad' };
    case 'silent':
      return { words: m.sound_silent(), tone: 'bad' };
  }
}
