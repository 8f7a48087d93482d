// Where a citation points: a document of this server, its version, and which characters of it. Where keys are needed, the
// address is signed: its page opens without a key.

/** The source of a `url_citation`. Its address is read, not followed: only this server is ever asked. */
export function sourceOf({ url, title }) {
  return { ...placeOf(url), title: title || "" };
}

/** {id, version, start, end, page, for, signature} of the address of a document's page. `page` is its address on this server. */
export function placeOf(url) {
  const address = new URL(url, location.origin);
  const match = /\/documents\/([^/]+)$/.exec(address.pathname);
  const number = (name) => (/^\d+$/.test(address.searchParams.get(name) ?? "") ? Number(address.searchParams.get(name)) : null);
  const id = match ? decoded(match[1]) : "";
  const place = {
    version: number("version"),
    start: number("start"),
    end: number("end"),
    for: address.searchParams.get("for"),
    signature: address.searchParams.get("signature"),
  };
  return { id, ...place, page: match ? pageOf(id, place) : null };
}

/** The address of the page of a document on this server, the span marked. */
export function pageOf(id, place = {}) {
  const query = new URLSearchParams();
  for (const name of ["version", "start", "end", "for", "signature", "form"]) if (isGiven(place[name])) query.set(name, place[name]);
  const hash = isGiven(place.start) ? "#span" : "";
  return `/documents/${encodeURIComponent(id)}${query.size ? `?${query}` : ""}${hash}`;
}

const isGiven = (value) => value !== null && value !== undefined;

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
