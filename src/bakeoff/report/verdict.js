"use strict";
/* The sliders, the cost section, the choice of the contender to compare with, and the filter of the claims. Draws the
   cost charts with the same sizes as verdict_charts.py and calculates with `bakeoffCost` only; what contenders are worth
   is `bakeoffWorth`'s. All text goes into the page as text, never as HTML. */
(() => {
  const form = document.getElementById("cost-sliders");
  if (!form) return;
  const page = JSON.parse(document.getElementById("cost-payload").textContent);
  const { LEFT, TOP, BOTTOM, usd, whole, interval, compact, line, scale, roundStep, logTicks, frame, axes, lines, element } = bakeoffDraw;

  /* sliders */
  const sliders = [...bakeoffWorth.sliders, ...page.sliders];
  const inputs = sliders.map((slider) => [slider, document.getElementById(`s-${slider.field}`)]);
  function valueOf(slider, position) {
    if (position === slider.position) return slider.default;
    if (slider.kind === "linear") return Number((position * slider.unit).toPrecision(12));
    return Number((slider.default * Math.pow(10, position / slider.per_decade)).toPrecision(slider.digits));
  }
  const profile = Object.fromEntries(sliders.map((slider) => [slider.field, slider.default]));
  const situation = () => Object.fromEntries(inputs.map(([slider, input]) => [slider.field, valueOf(slider, Number(input.value))]));
  const names = [...document.querySelectorAll("#cost-table tbody tr")].map((row) => row.dataset.contender);
  const chosen = document.getElementById("cost-first");
  const first = () => (chosen ? chosen.value : page.first);
  function written(field, value, to) {
    if (bakeoffWorth.sliders.some((slider) => slider.field === field)) return bakeoffWorth.written(field, value, to);
    if (field === "horizon_months") return `${value} months`;
    return field === "queries_per_month" ? whole(value) : usd(value);
  }

  /* drawing */
  function drawMonths(costs, others, totals) {
    const series = page.contenders.map(({ name, colour }) => {
      const ys = bakeoffCost.cumulativeUsd(costs[name]);
      return { name, css: `k${colour}`, xs: ys.map((_, month) => month), ys };
    });
    const paid = series.find((one) => one.name === first()).ys;
    const crossings = others.map((name) => [bakeoffCost.breakEvenMonth(costs[first()], costs[name]), name])
      .filter(([month]) => month).map(([month, name]) => [month, paid[month], `${first()} and ${name} have cost the same by month ${month}`]);
    const months = paid.length - 1, most = Math.max(...series.flatMap((one) => one.ys));
    const step = roundStep(Math.max(most / 4, 1e-9)), n = Math.ceil(most / step - 1e-9) || 1;
    const every = [1, 2, 3, 6, 12].find((one) => months / one <= 6) || 24;
    frame('[data-chart="months"]', (svg, width, height) => {
      const right = width - page.chart.right;
      const [atX, atY] = [scale(0, months, LEFT, right), scale(0, n * step, height - BOTTOM, TOP)];
      const yTicks = Array.from({ length: n + 1 }, (_, i) => i * step);
      const xTicks = Array.from({ length: Math.floor(months / every) + 1 }, (_, i) => i * every);
      axes(svg, right, height, yTicks, atY, xTicks, atX, String, ["months", "USD paid so far"]);
      lines(svg, series, crossings, atX, atY, right, height, first());
      svg.setAttribute("aria-label", `Paid so far after each month. At the end: ${totals}`);
    });
  }
  function drawVolumes(costs, others, totalsNow, now) {
    const { below, above, n_volumes: n, least_share: least } = page.chart;
    const base = page.sliders[0].default;
    const xs = Array.from({ length: n }, (_, i) => base * below * Math.pow(above / below, i / (n - 1)));
    const at = (c, volume) => bakeoffCost.totalCost({ ...c, queries_per_month: volume });
    const totals = page.contenders.map(({ name }) => xs.map((x) => at(costs[name], x)));
    const floor = least * Math.max(...totals.flat()) || least;
    const series = page.contenders.map(({ name, colour }, i) => ({ name, css: `k${colour}`, xs, ys: totals[i].map((y) => Math.max(y, floor)) }));
    const crossings = others.map((name) => [bakeoffCost.breakEvenVolume(costs[first()], costs[name]), name])
      .filter(([volume]) => volume !== null && xs[0] <= volume && volume <= xs[n - 1])
      .map(([volume, name]) => [volume, Math.max(floor, at(costs[first()], volume)),
        `${first()} and ${name} cost the same at ${bakeoffCost.about(volume)} queries a month`]);
    const ys = series.flatMap((one) => one.ys);
    const low = 0.9 * Math.min(...ys), high = Math.max(...ys);
    const decades = [];
    for (let power = Math.ceil(Math.log10(xs[0]) - 1e-9); power <= Math.log10(xs[n - 1]) + 1e-9; power += 1) decades.push(Math.pow(10, power));
    frame('[data-chart="volume"]', (svg, width, height) => {
      const right = width - page.chart.right;
      const [logX, logY] = [scale(Math.log10(xs[0]), Math.log10(xs[n - 1]), LEFT, right), scale(Math.log10(low), Math.log10(high), height - BOTTOM, TOP)];
      const [atX, atY] = [(x) => logX(Math.log10(x)), (y) => logY(Math.log10(y))];
      axes(svg, right, height, logTicks(low, high), atY, decades, atX, compact,
        ["queries in the first month, log scale", "USD over the horizon, log scale"]);
      svg.append(line(atX(now), TOP, atX(now), height - BOTTOM, "now"));
      lines(svg, series, crossings, atX, atY, right, height, first());
      svg.setAttribute("aria-label", `Total by the first month's queries. At ${whole(now)}: ${totalsNow}`);
    });
  }

  function drawTornado(c) {
    const total = bakeoffCost.totalCost(c);
    const swings = bakeoffCost.tornado(c).filter(([, low, high]) => Math.abs(high - low) > page.chart.least_swing * total)
      .slice(0, page.chart.most_swings).map(([field, ...ends]) => [field, Math.min(...ends), Math.max(...ends)]);
    const at = scale(Math.min(...swings.map((one) => one[1])), Math.max(...swings.map((one) => one[2])), 0, 100);
    const list = document.getElementById("tornado");
    list.style.setProperty("--now", `${at(total).toFixed(2)}%`);
    list.replaceChildren(...swings.map(([field, low, high]) => {
      const bar = element("span", "swing");
      bar.style.left = `${at(low).toFixed(2)}%`;
      bar.style.width = `${(at(high) - at(low)).toFixed(2)}%`;
      const track = element("span", "track", bar);
      track.setAttribute("aria-hidden", "true");
      return element("li", "", element("span", "", page.meanings[field]), " ",
        element("span", "quiet", interval(low, high) || usd(low)), track);
    }));
    document.getElementById("tornado-total").textContent = usd(total);
  }

  /* everything that follows from the sliders */
  function cells(costs, totals) {
    document.querySelectorAll("#cost-table tbody tr").forEach((row) => {
      const c = costs[row.dataset.contender], { value, low, high } = totals[row.dataset.contender];
      const texts = {
        setup: usd(bakeoffCost.setupUsd(c)), per_1k: usd(1000 * bakeoffCost.marginalUsdPerQuery(c)),
        upkeep: usd(bakeoffCost.upkeepUsdPerMonth(c)), people: usd(bakeoffCost.peopleUsd(c)),
        total: usd(value), interval: interval(low, high),
      };
      Object.entries(texts).forEach(([key, text]) => { row.querySelector(`[data-cost="${key}"]`).textContent = text; });
    });
  }
  const costsAt = (to) =>
    Object.fromEntries(Object.entries(page.inputs).map(([name, c]) => [name, bakeoffCost.changed(c, profile, to)]));
  function update() {
    const to = situation();
    inputs.forEach(([slider, input]) => {
      const text = written(slider.field, to[slider.field], to);
      input.setAttribute("aria-valuetext", text);
      const output = document.getElementById(`o-${slider.field}`);
      output.textContent = text;
      output.dataset.value = to[slider.field];
    });
    const costs = costsAt(to);
    const drawn = bakeoffWorth.update(to, costs, inputs.some(([slider, input]) => Number(input.value) !== slider.position));
    const others = names.filter((name) => name !== first());
    const totals = `${Object.entries(costs).map(([name, c]) => `${name} ${usd(bakeoffCost.totalCost(c))}`).join("; ")}.`;
    cells(costs, drawn);
    drawMonths(costs, others, totals);
    drawVolumes(costs, others, totals, to.queries_per_month);
    drawTornado(costs[first()]);
    document.querySelectorAll("#break-even").forEach((list) => list.replaceChildren(...others.map((name) => {
      const item = element("li", "", bakeoffCost.breakEvenSentence(costs[first()], costs[name]));
      item.dataset.contender = name;
      item.dir = "auto";
      return item;
    })));
    document.querySelectorAll(".cost-first").forEach((one) => { one.textContent = first(); });
    const cheapest = Object.keys(costs).reduce((a, b) => (drawn[b].value < drawn[a].value ? b : a));
    document.getElementById("cost-told").textContent =
      `${cheapest} costs the least, ${usd(drawn[cheapest].value)} over ${to.horizon_months} months.`;
    document.querySelectorAll(".horizon").forEach((one) => { one.textContent = to.horizon_months; });
  }
  form.addEventListener("input", update);
  if (chosen) chosen.addEventListener("input", update);
  form.addEventListener("reset", () => setTimeout(update));
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  setTimeout(() => bakeoffWorth.prepare(situation(), costsAt(situation())));
})();

/* the claims */
(() => {
  const filters = document.getElementById("claim-filters");
  if (!filters) return;
  const claims = [...document.querySelectorAll(".claim")];
  const [text, finding, article] = ["c-text", "c-finding", "c-article"].map((id) => document.getElementById(id));
  function apply() {
    const wanted = text.value.toLowerCase().split(/\s+/);
    let n = 0;
    claims.forEach((claim) => {
      const fits = (!finding.value || claim.dataset.finding === finding.value)
        && (!article.value || claim.dataset.article === article.value)
        && wanted.every((word) => claim.textContent.toLowerCase().includes(word));
      claim.hidden = !fits;
      n += fits;
    });
    const isNarrowed = n < claims.length;
    document.querySelectorAll(".claims").forEach((group) => {
      const left = group.querySelectorAll(".claim:not([hidden])").length;
      group.hidden = left === 0;
      if (isNarrowed && left) group.open = true;
    });
    document.getElementById("claim-count").textContent = isNarrowed ? `${n} of ${claims.length} claims` : `${n} claims`;
  }
  filters.addEventListener("input", apply);
  filters.addEventListener("reset", () => setTimeout(apply));
  filters.addEventListener("submit", (event) => event.preventDefault());
  filters.hidden = false;
})();
