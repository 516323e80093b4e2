/** What is shown where nobody is enrolled, or the owner is not there yet. */
import type { View } from '../generated/View';

export const nobody: View = {
  me: null,
  node: 'connecting',
  trouble: { kind: 'notEnrolled' },
  unrecorded: false,
  revocations: [],
  lines: [],
  call: null,
  duty: null,
  consultations: [],
  consulting: { subjects: [], levels: [] },
  tests: { pairs: [], offer: null, received: [], sent: null },
};
