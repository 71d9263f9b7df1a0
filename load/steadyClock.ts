/** A clock of Unix time in ms that nobody sets: right when it is made, and steady from then on. */
export function steadyClock(): () => number {
  const offsetMs = Date.now() - performance.now();
  return () => offsetMs + performance.now();
}
