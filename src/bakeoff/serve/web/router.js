// Which view is shown: the part of the address after `#/`. Links and the back button work as everywhere.

import { byId } from "./dom.js";

const TITLES = { ask: "Ask", compare: "Compare", documents: "Documents", history: "History" };
export const VIEWS = Object.keys(TITLES);

/** Shows the view of the address now and whenever it changes. `onShow[name]()` is called each time. */
export function setUpRouter(onShow) {
  const show = (isFirst) => {
    const name = viewOf(location.hash);
    for (const view of VIEWS) byId(view).hidden = view !== name;
    for (const link of document.querySelectorAll("nav a")) {
      if (link.hash === `#/${name}`) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    document.title = `${TITLES[name]} · Bakeoff`;
    if (!isFirst) {
      scrollTo(0, 0);
      byId(`${name}-title`).focus({ preventScroll: true }); // a screen reader says where one is
    }
    onShow[name]?.();
  };
  addEventListener("hashchange", () => show(false));
  byId("skip").addEventListener("click", (event) => {
    event.preventDefault(); // its address would be taken for a view
    byId("main").focus();
  });
  show(true);
}

/** Goes to a view, then does something there: only what is shown can have the focus. */
export function go(view, andThen = () => {}) {
  if (viewOf(location.hash) === view) return andThen();
  addEventListener("hashchange", andThen, { once: true });
  location.hash = `#/${view}`;
}

export function viewOf(hash) {
  const name = hash.replace(/^#\//, "");
  return VIEWS.includes(name) ? name : "ask";
}
