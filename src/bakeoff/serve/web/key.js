// The key of an API that needs one. It stays in memory; in sessionStorage only if the user wants that; never in a cookie.

const PLACE = "bakeoff-key";
let key = sessionStorage.getItem(PLACE) ?? "";

export const currentKey = () => key;

/** Use this key from now on. `keep`: until the tab is closed, also after it is loaded again. */
export function useKey(value, keep) {
  key = value;
  if (keep) sessionStorage.setItem(PLACE, value);
  else sessionStorage.removeItem(PLACE);
}

export function forgetKey() {
  useKey("", false);
}
