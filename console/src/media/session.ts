/** Where a tab keeps, for its own reload, that it is in a call and what it sends there. It ends with the tab. */
export const IN_CALL = 'trialogue-in-call';
export interface InCall {
  line: string;
  voice: boolean;
  picture: boolean;
}

export function remembered(): InCall | null {
  try {
    const held = JSON.parse(sessionStorage.getItem(IN_CALL) ?? 'null') as Partial<InCall> | null;
    return typeof held?.line === 'string' ? { line: held.line, voice: held.voice === true, picture: held.picture === true } : null;
  } catch {
    return null;
  }
}
