// How long an answer was in view. Time in which the page is hidden does not count.

let begun = 0;
let gone = 0;
let hiddenAt = null;

export function restart() {
  begun = performance.now();
  gone = 0;
  hiddenAt = document.hidden ? begun : null;
}

/** Seconds since `restart`, to a tenth. */
export function seconds() {
  const now = performance.now();
  const hidden = gone + (hiddenAt === null ? 0 : now - hiddenAt);
  return Math.round((now - begun - hidden) / 100) / 10;
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) hiddenAt = performance.now();
  else if (hiddenAt !== null) {
    gone += performance.now() - hiddenAt;
    hiddenAt = null;
  }
});
