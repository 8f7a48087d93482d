// Asks a contender through the chat API, streaming. Gives the answer with its sources; knows nothing about elements.

import { ApiError, postJson } from "./api.js";
import { sourceOf } from "./sources.js";
import { events } from "./sse.js";

export const DECLINED = "I don't know.";

/** The answer of one contender. `onText(text)` is called with the whole text so far, each time more has come.
 *
 * Resolves to {id, text, sources, quotes, closest, isFromMemory, contender, isLogged, declined, truncated, question, chance};
 * sources are numbered from 1 by their place. `quotes` and `closest` are what passages say: {source, number, quote, words}.
 * `isFromMemory` says that no passage was read. `chance` is how probably a label is right (0 to 1), null for other answers.
 * `question` is what the server made of a question that needed what was said before; else empty. Raises ApiError, or an
 * AbortError once `signal` is aborted: the server then stops the model.
 */
export async function ask(contender, messages, { onText, signal }) {
  const body = { model: contender, messages, stream: true };
  const response = await postJson("/v1/chat/completions", body, { signal });
  const passages = { sources: [], quotes: [], closest: [], isFromMemory: false };
  const answer = { id: "", text: "", ...passages, contender, isLogged: true, declined: false, truncated: false, question: "", chance: null };
  let isWhole = false;
  for await (const event of events(response)) {
    if (event.error) throw new ApiError(event.error.message, 200, event.error.code, null);
    isWhole = add(answer, event) || isWhole;
    onText(answer.text);
  }
  if (!isWhole) throw new ApiError("The connection ended before the answer did. Try again.", 0, "cut_off");
  return answer;
}

/** A source with the span of its mark in the text, in code points. */
const cited = (citation) => ({ ...sourceOf(citation), span: [citation.start_index, citation.end_index] });

/** A quote with its source, whose address leads to the whole passage. */
const quoted = ({ number, title, url, quote, words }) => ({ source: sourceOf({ url, title }), number, quote, words });

/** Adds an event to the answer. Gives whether it was the one that ends it. */
function add(answer, event) {
  const choice = event.choices?.[0];
  answer.id ||= event.id ?? "";
  answer.text += choice?.delta?.content ?? "";
  for (const annotation of choice?.delta?.annotations ?? []) {
    if (annotation.type === "url_citation") answer.sources.push(cited(annotation.url_citation));
  }
  if (event.bakeoff) {
    answer.isLogged = Boolean(event.bakeoff.contender); // the reply to thanks or a greeting is no contender's
    answer.contender = event.bakeoff.contender || answer.contender;
    answer.question = event.bakeoff.question ?? "";
    answer.quotes = (event.bakeoff.quotes ?? []).map(quoted);
    answer.chance = event.bakeoff.chance ?? null;
    answer.isFromMemory = Boolean(event.bakeoff.contender) && !answer.sources.length && answer.chance === null;
    answer.closest = (event.bakeoff.closest ?? []).map(quoted);
    answer.declined = event.bakeoff.abstained || answer.text.trim() === DECLINED;
  }
  answer.truncated ||= choice?.finish_reason === "length";
  return Boolean(choice?.finish_reason);
}
