// Asking a server that is full: waits as long as it says, then asks again by itself, a few times.

import { ApiError } from "./api.js";
import { ask } from "./chat.js";

const MOST = 5; // times that it waits
const WORDS = {
  queue_full: "Many people are asking at once.",
  rate_limit_exceeded: "These were many questions in a short time.",
};

/** As `ask`. While it waits, `onWait(words, seconds)` is called each second with the seconds that are left. */
export async function askPatiently(contender, messages, { onText, onWait, signal }) {
  for (let n = 1; ; n += 1) {
    try {
      return await ask(contender, messages, { onText, signal });
    } catch (error) {
      const words = error.status === 429 && WORDS[error.code];
      if (!words) throw error;
      if (n > MOST) throw new ApiError(`${words} There is still no place. Try again in a few minutes.`, error.status, error.code, null);
      await wait((error.retryAfter ?? 5) + Math.round(Math.random()), (left) => onWait(words, left), signal); // not all at once
    }
  }
}

/** Waits, and tells each second how many are left. Raises an AbortError once `signal` is aborted. */
async function wait(seconds, onSecond, signal) {
  for (let left = seconds; left > 0; left -= 1) {
    onSecond(left);
    await new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer);
        reject(signal.reason);
      };
      const timer = setTimeout(() => {
        signal.removeEventListener("abort", stop);
        resolve();
      }, 1000);
      signal.addEventListener("abort", stop, { once: true });
    });
  }
}
