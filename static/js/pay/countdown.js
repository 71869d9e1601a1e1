// Clocks that run down: <time data-until="2026-11-22T21:55:00Z">. The server's clock counts, not the buyer's.

// Until then an amount that holds for a while yet is no reason to hurry.
const SHOWN_SECONDS = 300;

const two = (number) => String(number).padStart(2, "0");

export function clockText(seconds) {
  const left = Math.max(0, Math.ceil(seconds));
  const [hours, minutes] = [Math.floor(left / 3600), Math.floor(left / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(left % 60)}` : `${minutes}:${two(left % 60)}`;
}

/** Keeps the clocks of `live` running. `whenOver` is called once when one with data-at-end has run down. */
export function runClocks(live, whenOver) {
  const ahead = Date.parse(live.dataset.now) - Date.now();
  const clocks = [...live.querySelectorAll("time[data-until]")];
  let isOver = false;
  const tick = () => {
    for (const clock of clocks) {
      const left = (Date.parse(clock.dataset.until) - Date.now() - ahead) / 1000;
      clock.textContent = clockText(left);
      clock.parentElement.hidden = left > SHOWN_SECONDS;
      if (left <= 0 && !isOver && clock.dataset.atEnd) {
        isOver = true;
        whenOver();
      }
    }
  };
  if (clocks.length === 0) return () => {};
  tick();
  const timer = setInterval(tick, 250);
  return () => clearInterval(timer);
}
