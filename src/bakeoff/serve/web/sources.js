// Where a citation points: a document of this server, its version, and which characters of it.

/** The source of a `url_citation`. Its address is read, not followed: only this server is ever asked. */
export function sourceOf({ url, title }) {
  return { ...placeOf(url), title: title || "" };
}

/** {id, version, start, end, page} of the address of a document's page. `page` is its address on this server. */
export function placeOf(url) {
  const address = new URL(url, location.origin);
  const match = /\/documents\/([^/]+)$/.exec(address.pathname);
  const number = (name) => (/^\d+$/.test(address.searchParams.get(name) ?? "") ? Number(address.searchParams.get(name)) : null);
  const id = match ? decoded(match[1]) : "";
  return { id, ...placeFields(number), page: match ? pageOf(id, placeFields(number)) : null };
}

function placeFields(number) {
  return { version: number("version"), start: number("start"), end: number("end") };
}

/** The address of the page of a document on this server, the span marked. */
export function pageOf(id, { version = null, start = null, end = null } = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ version, start, end })) if (value !== null) query.set(name, value);
  const hash = start === null ? "" : "#span";
  return `/documents/${encodeURIComponent(id)}${query.size ? `?${query}` : ""}${hash}`;
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
