/** From files to words. */
import type { Attaching } from '../../media/engine';
import { m } from '../../paraglide/messages.js';
import { getLocale } from '../../paraglide/runtime.js';
import { BYTES_MOST, FILES_MOST, NAME_MOST, type Refusal } from './attach';

function measured(value: number, unit: 'byte' | 'kilobyte' | 'megabyte', digits: number): string {
  return new Intl.NumberFormat(getLocale(), {
    style: 'unit',
    unit,
    unitDisplay: unit === 'byte' ? 'long' : 'short',
    maximumFractionDigits: digits,
  }).format(value);
}

/** A number of bytes as people say it, in units of a thousand. */
export function size(bytes: number): string {
  if (bytes < 1_000) return measured(bytes, 'byte', 0);
  if (bytes < 999_500) return measured(bytes / 1_000, 'kilobyte', bytes < 10_000 ? 1 : 0);
  return measured(bytes / 1_000_000, 'megabyte', 1);
}

/** The sizes of files, together. */
export function together(files: { size: number }[]): string {
  return size(files.reduce((sum, file) => sum + file.size, 0));
}

/** A share of a whole. */
export function percent(share: number): string {
  return new Intl.NumberFormat(getLocale(), { style: 'percent' }).format(share);
}

/** The limits, for who chooses. */
export function limits(): string {
  return m.files_attach_help({ count: FILES_MOST, most: size(BYTES_MOST) });
}

/** Why nothing of a choice was attached. */
export function refused(of: Refusal): string {
  switch (of.kind) {
    case 'busy':
      return m.files_busy();
    case 'count':
      return m.files_too_many({ most: FILES_MOST, count: of.count, more: of.more });
    // Up: what is a byte too large shall not read like the limit.
    case 'bytes':
      return m.files_too_large({ most: size(BYTES_MOST), size: size(Math.ceil(of.size / 100_000) * 100_000) });
    case 'empty':
      return m.files_empty({ name: of.name });
    case 'name':
      return m.files_name_long({ name: of.name, most: NAME_MOST });
  }
}

const troubles: Record<NonNullable<Attaching['trouble']>, (inputs: { name: string }) => string> = {
  form: m.files_form,
  changed: m.files_changed,
  storage: m.files_storage,
};
/** Why a file could not be attached. */
export function unattached(of: Attaching): string {
  return troubles[of.trouble ?? 'changed']({ name: of.name });
}
