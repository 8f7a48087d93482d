"use strict";
/* Sorts the tables and shows the questions. All text goes into the page as text, never as HTML. */
(() => {
  const GLYPHS = { correct: "●", abstained: "◎", wrong: "×", unsure: "≈", declined: "○", error: "!", missing: "·", unscored: "?" };
  const page = JSON.parse(document.getElementById("payload").textContent);
  const names = page.contenders.map((one) => one.name);
  const byId = (id) => document.getElementById(id);

  function make(tag, css, ...children) {
    const node = document.createElement(tag);
    if (css) node.className = css;
    node.append(...children.filter((child) => child !== null && child !== ""));
    return node;
  }
  function words(tag, css, text) {
    const node = make(tag, css, text);
    node.dir = "auto";
    return node;
  }
  function who(number, css = "who") {
    return make("span", `${css} k${page.contenders[number].colour}`, make("bdi", "", names[number]));
  }
  function glyph(outcome) {
    const node = make("span", `m ${outcome}`, GLYPHS[outcome]);
    node.setAttribute("aria-hidden", "true");
    return node;
  }

  /* tables */
  function sortable(table) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = make("button", "", ...head.childNodes);
      button.type = "button";
      button.append(make("span", "arrow-sort"));
      head.append(button);
      button.addEventListener("click", () => {
        const first = column === 0 || head.dataset.better === "lower" ? "ascending" : "descending";
        const other = first === "ascending" ? "descending" : "ascending";
        const way = head.getAttribute("aria-sort") === first ? other : first;
        heads.forEach((one) => one.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", way);
        const sign = way === "ascending" ? 1 : -1;
        const rows = [...table.tBodies[0].rows].map((row) => [row, row.cells[column].dataset.value]);
        rows.sort(([, a], [, b]) => {
          if (a === undefined || b === undefined) return (a === undefined) - (b === undefined);
          return sign * (column === 0 ? a.localeCompare(b) : a - b);
        });
        table.tBodies[0].append(...rows.map(([row]) => row));
      });
    });
  }
  document.querySelectorAll("table.sortable").forEach(sortable);

  /* the list of questions */
  const current = (results) => results.some((one) => one.after) ? results.filter((one) => one.after) : results;
  const list = byId("list");
  list.style.setProperty("--n", names.length);
  const shown = page.questions.map((question) => {
    const row = make("details", "q");
    row.id = `question-${question.id}`;
    const mains = current(question.results);
    const about = [question.slice, question.asked > 1 ? `asked ${question.asked.toLocaleString("en")} times` : "", question.id];
    const outcomesInWords = mains.map((one) => `${names[one.contender]} ${page.outcomes[one.outcome]}`).join(", ");
    const summary = make("summary", "",
      make("span", "q-text", words("span", "", question.text), words("span", "q-about", about.filter(Boolean).join(" · ")),
        make("span", "sr", outcomesInWords)),
      ...names.map((name, number) => {
        const result = mains.find((one) => one.contender === number);
        const mark = result ? glyph(result.outcome) : make("span");
        if (result) mark.title = `${name}: ${page.outcomes[result.outcome]}`;
        return mark;
      }));
    row.append(summary);
    row.addEventListener("toggle", () => {
      if (row.open && !row.dataset.filled) {
        row.dataset.filled = "yes";
        row.append(body(question));
      }
    });
    const text = [question.id, question.text, ...(question.answers || []),
      ...question.results.map((one) => one.text || one.error || "")].join("\n").toLowerCase();
    return { question, row, mains, text };
  });
  const heads = make("div", "heads", make("span", "", "Question"), ...names.map((_, number) => who(number, "vertical")));
  heads.setAttribute("aria-hidden", "true");
  list.append(heads, ...shown.map((one) => one.row));

  /* one question, opened */
  function body(question) {
    const rows = question.results.map((result) => make("tr", "",
      head(question, result), came(result), answerCell(result), words("td", "how", how(result))));
    const table = make("table", "answers", make("tbody", "", ...rows));
    return make("div", "q-body", accepted(question), table, ...passages(question));
  }
  function accepted(question) {
    const answers = question.answers || [];
    const node = make("p", "accepted", make("b", "", answers.length ? "Accepted: " : "The documents contain no answer: "),
      answers.length ? "" : "declining is correct");
    answers.forEach((answer, i) => node.append(i ? " | " : "", make("bdi", "", answer)));
    return node;
  }
  function head(question, result) {
    const node = make("th", "", who(result.contender));
    node.scope = "row";
    if (result.after) node.append(make("span", "why", "after the update"));
    else if (result.stale) node.append(make("span", "why", "before the update"));
    return node;
  }
  function came(result) {
    const cause = result.cause && page.causes[result.cause].toLowerCase().replace(/^wrong,? /, "");
    const isSaid = ["declined", "unsure", cause].includes(result.outcome);
    const why = [isSaid ? "" : cause, result.note].filter(Boolean).join("; ");
    return make("td", "came", glyph(result.outcome), page.outcomes[result.outcome], why ? make("span", "why", why) : null);
  }
  function answerCell(result) {
    if (result.error) return words("td", "said quiet", result.error);
    if (result.outcome === "missing") return make("td", "said quiet", "not answered in this run");
    const node = make("td", "said");
    if (result.declined) node.append(make("span", "quiet", "Declined. Withheld answer: "));
    node.append(result.text ? words("span", "", result.text) : make("span", "quiet", "(empty)"));
    return node;
  }
  function how(result) {
    const seconds = result.seconds;
    return [
      result.route ? `via ${result.route}` : "",
      seconds ? (seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(1)} s`) : "",
      result.tokens ? `${result.tokens.toLocaleString("en")} tokens` : "",
      result.confidence ? `confidence ${String(result.confidence).replace("-", "−")}` : "",
    ].filter(Boolean).join(" · ");
  }

  /* all passages that were shown, each once, those with the evidence first */
  function passages(question) {
    const gold = question.gold || {};
    const seen = new Map();
    question.results.forEach((result) => (result.passages || []).forEach(([chunk, rank]) => {
      if (!seen.has(chunk)) seen.set(chunk, []);
      seen.get(chunk).push({ contender: result.contender, rank, after: result.after });
    }));
    const order = [...seen].sort(([a, by], [b, also]) => (b in gold) - (a in gold) || best(by) - best(also));
    const title = order.length ? "Passages shown" : "No passages were shown";
    const nodes = [make("h3", "", title)];
    const evidence = (question.evidence || []).join("; ");
    const isShown = order.some(([chunk]) => chunk in gold);
    if (evidence && !isShown) nodes.push(words("p", "about",
      order.length ? `None of them contains the evidence (${evidence}).` : `The evidence: ${evidence}.`));
    nodes.push(make("div", "passages", ...order.map(([chunk, by]) => passage(page.chunks[chunk], by, gold[chunk]))));
    return nodes;
  }
  const best = (by) => Math.min(...by.map((one) => one.rank));
  function passage(chunk, by, marks) {
    const to = new Map();
    by.forEach((one) => {
      const place = `${one.after ? "after the update " : ""}${ordinal(one.rank)}`;
      to.set(place, [...(to.get(place) || []), names[one.contender]]);
    });
    const ranks = [...to].map(([place, some]) => `${place} to ${some.join(", ")}`).join("; ");
    const text = words("div", "text", chunk.heading ? words("span", "heading", chunk.heading) : null);
    let at = 0;
    (marks || []).forEach(([start, end]) => {
      text.append(chunk.text.slice(at, start), make("mark", "", chunk.text.slice(start, end)));
      at = end;
    });
    text.append(chunk.text.slice(at));
    const place = `${chunk.source}, characters ${chunk.start.toLocaleString("en")} to ${chunk.end.toLocaleString("en")}`;
    return make("article", marks ? "passage gold" : "passage", words("h4", "", place),
      words("p", "to", `${marks ? (marks.length ? "Contains the evidence. " : "From the document with the evidence. ") : ""}Shown ${ranks}.`),
      text);
  }
  const ordinal = (n) => n + (n % 100 > 10 && n % 100 < 14 ? "th" : { 1: "st", 2: "nd", 3: "rd" }[n % 10] || "th");

  /* filters */
  const filters = byId("filters");
  const [text, slice, contender, outcome] = ["f-text", "f-slice", "f-contender", "f-outcome"].map(byId);
  function choices(select, pairs) {
    pairs.forEach(([value, label]) => select.append(new Option(label, value)));
  }
  const present = (key) => new Set(shown.flatMap((one) => one.mains.map((result) => result[key])).filter(Boolean));
  choices(slice, [...new Set(page.questions.map((one) => one.slice).filter(Boolean))].map((one) => [one, one]));
  choices(contender, names.map((name, number) => [String(number), name]));
  const outcomes = present("outcome"), causes = present("cause");
  choices(outcome, Object.entries(page.outcomes).filter(([key]) => outcomes.has(key)));
  choices(outcome, Object.entries(page.causes).filter(([key]) => causes.has(key) && !outcomes.has(key))
    .map(([key, title]) => [key, title.toLowerCase()]));
  if (names.length > 1) {
    choices(outcome, [["split", "contenders differ"], ["none", "none is correct"], ["every", "all are correct"]]);
  }
  const isRight = (one) => page.right.includes(one.outcome);
  function fits(one) {
    if (slice.value && one.question.slice !== slice.value) return false;
    if (text.value && !text.value.toLowerCase().split(/\s+/).every((word) => one.text.includes(word))) return false;
    const wanted = outcome.value;
    if (wanted === "split") return one.mains.some(isRight) && !one.mains.every(isRight);
    if (wanted === "none") return !one.mains.some(isRight);
    if (wanted === "every") return one.mains.length > 0 && one.mains.every(isRight);
    const mine = one.mains.filter((result) => contender.value === "" || result.contender === Number(contender.value));
    if (contender.value && !wanted) return mine.length > 0;
    return !wanted || mine.some((result) => result.outcome === wanted || result.cause === wanted);
  }
  function apply() {
    let n = 0;
    shown.forEach((one) => { if ((one.row.hidden = !fits(one)) === false) n += 1; });
    byId("count").textContent = n === shown.length ? `${n} questions` : `${n} of ${shown.length} questions`;
  }
  filters.addEventListener("input", apply);
  filters.addEventListener("reset", () => setTimeout(apply));
  filters.addEventListener("submit", (event) => event.preventDefault());
  document.querySelectorAll(".to-questions").forEach((link) => link.addEventListener("click", () => {
    filters.reset();
    contender.value = String(names.indexOf(link.dataset.contender));
    outcome.value = link.dataset.outcome;
    apply();
  }));
  const key = byId("key");
  Object.entries(page.outcomes).filter(([one]) => outcomes.has(one)).forEach(([one, label]) =>
    key.append(make("span", "", make("b", one, GLYPHS[one]), label)));
  key.hidden = filters.hidden = false;
  apply();

  /* the address #question-<id> (percent-encoded) opens that question */
  function openFromAddress() {
    const wanted = location.hash.slice(1);
    const one = shown.find((other) => encodeURIComponent(other.row.id) === wanted || other.row.id === wanted);
    if (!one) return;
    one.row.open = true;
    one.row.scrollIntoView();
  }
  addEventListener("hashchange", openFromAddress);
  openFromAddress();
})();
