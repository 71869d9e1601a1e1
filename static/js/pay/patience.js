// How long somebody is waited for who may never answer: a connection that is half open, a wallet that sleeps.

/** A signal that gives a request up after so long. */
export function within(milliseconds) {
  const late = new AbortController();
  setTimeout(() => late.abort(), milliseconds);
  return late.signal;
}

/** What the work comes to; undefined when that takes longer. */
export const orSilence = (work, milliseconds) =>
  Promise.race([work, new Promise((resolve) => { setTimeout(resolve, milliseconds); })]);
