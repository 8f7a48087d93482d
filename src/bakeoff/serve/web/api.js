// Requests to this server, with the user's key. Errors of the server become `ApiError` with its own words.

import { currentKey } from "./key.js";

export class ApiError extends Error {
  constructor(message, status, code, retryAfter) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

let onKeyNeeded = async () => false;

/** `ask` is called when the server answers 401; it resolves to true when there is another key to try. */
export function whenKeyNeeded(ask) {
  onKeyNeeded = ask;
}

/** The response to a request, whatever its status. Raises ApiError if the server cannot be reached. */
export async function send(path, options = {}) {
  const headers = new Headers(options.headers);
  if (currentKey()) headers.set("Authorization", `Bearer ${currentKey()}`);
  try {
    return await fetch(path, { ...options, headers, credentials: "omit", redirect: "error" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError("The server cannot be reached. Check that it is running, then try again.", 0, "unreachable");
  }
}

/** The response to a request that succeeded. After a 401 the user is asked for a key. */
export async function request(path, options = {}) {
  let response = await send(path, options);
  while (response.status === 401 && (await onKeyNeeded(await errorOf(response)))) response = await send(path, options);
  if (!response.ok) throw await errorOf(response);
  return response;
}

export async function getJson(path) {
  return (await request(path, { headers: { Accept: "application/json" } })).json();
}

export async function postJson(path, value, options = {}) {
  return request(path, {
    ...options,
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(value),
  });
}

/** The error object of a response in the form of OpenAI's. */
async function errorOf(response) {
  const retryAfter = Number(response.headers.get("Retry-After")) || null;
  let error = null;
  try {
    error = (await response.json()).error;
  } catch {
    // not JSON: a proxy in between, for example
  }
  const message = error?.message ?? `The server answered with status ${response.status}.`;
  return new ApiError(message, response.status, error?.code ?? null, retryAfter);
}
