"use strict";
/* What contenders are worth when a slider moves: rows, table, sentences and charts. Calculates with `bakeoffValue`, draws
   with the same sizes as value_charts.py. Defines `bakeoffWorth`, which verdict.js calls; without costs it does nothing.
   Its `update` gives every contender's total with its interval. */
const bakeoffWorth = (() => {
  const source = typeof document === "undefined" ? null : document.getElementById("value-payload");
  if (!source) return { sliders: [], prepare() {}, update() {}, written: String };
  const { LEFT, BOTTOM, money, moneySpan, smallUsd, percent, of100, compact, compactSigned, svgNode, line, label, scale,
          roundStep, frame, lines, element } = bakeoffDraw;
  const page = bakeoffValue.opened(JSON.parse(source.textContent));
  const { low, high, n, least_chance: least, right: room } = page.axis;
  const STRIP_TOP = 20, STRIP = 24, PLOT_TOP = 82, BREAK_ROOM = 54, LEAST_DOT = 4, MOST_DOT = 13;
  const xs = Array.from({ length: n }, (_, i) => low * Math.pow(high / low, i / (n - 1)));
  const title = (name) => page.labels[name], css = (name) => page.css[name];

  /* rows: names, dots and intervals on one axis */
  function rowAxis(ranges) {
    const least = Math.min(0, ...ranges.map((one) => one.low)), most = Math.max(0, ...ranges.map((one) => one.high));
    const step = roundStep(Math.max((most - least) / 4, 1e-9));
    const [first, last] = [Math.floor(least / step + 1e-9), Math.ceil(most / step - 1e-9)];
    return [first * step, last * step, Array.from({ length: last - first + 1 }, (_, i) => step * (first + i))];
  }
  function drawRows(kind, ranges, write, writeSpan, tick) {
    const [start, end, ticks] = rowAxis(Object.values(ranges)), at = scale(start, end, 0, 100);
    const place = (node, value) => { node.style.left = `${at(value).toFixed(2)}%`; };
    document.querySelectorAll(`[data-rows="${kind}"]`).forEach((list) => {
      const items = [...list.querySelectorAll("li[data-contender]")];
      items.sort((a, b) => ranges[b.dataset.contender].value - ranges[a.dataset.contender].value);
      items.forEach((item) => {
        const of = ranges[item.dataset.contender], track = item.querySelector(".row-track");
        track.querySelectorAll(".tick-line").forEach((one) => one.remove());
        track.prepend(...ticks.map((value) => { const one = element("span", "at tick-line"); place(one, value); return one; }));
        place(track.querySelector(".zero"), 0);
        place(track.querySelector(".row-dot"), of.value);
        const bar = track.querySelector(".row-span");
        place(bar, of.low);
        bar.style.width = `${(at(of.high) - at(of.low)).toFixed(2)}%`;
        item.querySelector(".row-value").replaceChildren(element("strong", "", write(of.value)), " ", element("span", "quiet", writeSpan(of)));
      });
      const last = list.querySelector(".row-ticks");
      last.querySelector(".row-scale").replaceChildren(...ticks.map((value) => {
        const one = element("span", "", value === 0 ? "0" : tick(value));
        place(one, value);
        return one;
      }));
      list.append(...items, last);
    });
  }

  /* charts over the value of a right answer */
  function frameOf(svg, atX, right, height, changes, now, isNumbered) {
    for (let power = Math.ceil(Math.log10(low) - 1e-9); power <= Math.log10(high) + 1e-9; power += 1) {
      const x = atX(Math.pow(10, power));
      svg.append(line(x, height - BOTTOM, x, height - BOTTOM + 4, "axis"),
        label(x, height - BOTTOM + 18, compact(Math.pow(10, power)), "tick", "middle"));
    }
    svg.append(label(right, height - 6, "USD for a right answer, log scale", "axis-title", "end"));
    let last = -Infinity;
    changes.forEach((usd) => {
      const x = atX(usd);
      svg.append(line(x, STRIP_TOP, x, height - BOTTOM, "change"));
      if (!isNumbered || x - last < BREAK_ROOM) return;
      svg.append(label(x, STRIP_TOP + STRIP + 15, Number(usd.toPrecision(3)).toLocaleString("en", { maximumFractionDigits: 12 }), "tick", "middle"));
      last = x;
    });
    svg.append(line(atX(now), STRIP_TOP - 4, atX(now), height - BOTTOM, "now"),
      label(atX(now), 12, `${smallUsd(now)}${!page.is_given ? " (what if)" : now === page.sliders[0].default ? " (yours)" : ""}`, "tick", "middle"));
  }
  function overValue(right) {
    const at = scale(Math.log10(low), Math.log10(high), LEFT, right);
    return (usd) => at(Math.log10(Math.min(high, Math.max(low, usd))));
  }
  function drawChances(of, ranges, leader, now, told) {
    const curves = bakeoffValue.chanceCurves(of, xs, page.candidates);
    const series = Object.entries(curves).filter(([, ys]) => Math.max(...ys) >= least)
      .map(([name, ys]) => ({ name, label: title(name), css: css(name), xs, ys }));
    const changes = ranges.map((one) => one.low).filter((usd) => usd > 0);
    frame('[data-value-chart="chances"]', (svg, width, height) => {
      const right = width - room, atX = overValue(right), atY = scale(0, 1, height - BOTTOM, PLOT_TOP);
      ranges.forEach((one) => {
        const [from, to] = [Math.max(one.low, low), Math.min(one.high ?? high, high)];
        if (from >= to) return;
        const [left, wide] = [atX(from), atX(to) - atX(from)], group = svgNode("g", {});
        group.append(svgNode("title", {}, title(one.contender)), svgNode("rect", {
          x: left.toFixed(1), y: STRIP_TOP, width: Math.max(0.5, wide - 1).toFixed(1), height: STRIP, class: `bar ${css(one.contender)}`,
        }));
        if (wide > title(one.contender).length * 12 * 0.56 + 10) {
          group.append(label(left + wide / 2, STRIP_TOP + 16, title(one.contender), `inside ${css(one.contender)}`, "middle"));
        }
        svg.append(group);
      });
      [0, 0.25, 0.5, 0.75, 1].forEach((tick) => svg.append(line(LEFT, atY(tick), right, atY(tick), "grid"),
        label(LEFT - 6, atY(tick) + 4, percent(tick), "tick", "end")));
      frameOf(svg, atX, right, height, changes, now, true);
      svg.append(label(0, PLOT_TOP - 10, "chance to be the best choice", "axis-title", "start"));
      lines(svg, series, [], atX, atY, right, height, leader, STRIP_TOP);
      svg.setAttribute("aria-label", `Who is best on average by the value of a right answer. ${told.join(" ")}`);
    });
    return changes;
  }
  function bentTicks(least, most, unit) {
    const sides = [[most, 1], [-least, -1]].map(([end, sign]) => {
      const side = [];
      for (let power = Math.ceil(Math.log10(unit) - 1e-9); power <= Math.floor(Math.log10(Math.max(end, 1e-12)) + 1e-9); power += 1) {
        side.push(sign * Math.pow(10, power));
      }
      return side;
    });
    const step = Math.max(1, Math.ceil(Math.max(...sides.map((side) => side.length)) / 4));
    return [0, ...sides.flatMap((side) => side.reverse().filter((_, i) => i % step === 0))];
  }
  function drawNets(of, changes, leader, now, told) {
    const found = bakeoffValue.lines(of);
    const series = Object.entries(found).map(([name, [slope, start]]) =>
      ({ name, label: title(name), css: css(name), xs, ys: xs.map((x) => slope * x + start) }));
    const unit = Math.pow(10, Math.floor(Math.log10(Math.max(1, ...Object.values(found).map(([, start]) => Math.abs(start))) / 3)));
    const all = series.flatMap((one) => one.ys), [least, most] = [Math.min(0, ...all), Math.max(0, ...all)];
    frame('[data-value-chart="nets"]', (svg, width, height) => {
      const right = width - room, atX = overValue(right);
      const bent = scale(Math.asinh(least / unit), Math.asinh(most / unit), height - BOTTOM, STRIP_TOP + 12);
      const atY = (usd) => bent(Math.asinh(usd / unit));
      bentTicks(least, most, unit).filter((tick) => tick === 0 || Math.abs(atY(tick) - atY(0)) >= 13).forEach((tick) => svg.append(
        line(LEFT, atY(tick), right, atY(tick), tick === 0 ? "axis" : "grid"),
        label(LEFT - 6, atY(tick) + 4, compactSigned(tick), "tick", "end")));
      frameOf(svg, atX, right, height, changes, now, false);
      svg.append(label(0, 12, "USD a year", "axis-title", "start"));
      lines(svg, series, [], atX, atY, right, height, leader, STRIP_TOP);
      svg.setAttribute("aria-label", `Expected net value a year by the value of a right answer. ${told}`);
    });
  }

  /* right, wrong and cost: only costs change with the sliders */
  function drawFront(nets) {
    const cost = Object.fromEntries(Object.keys(page.shares).filter((name) => nets[name]).map((name) => [name, nets[name].cost.value]));
    const of = Object.entries(page.shares).filter(([name]) => name in cost).map(([name, [right, wrong]]) => [name, [-right, wrong, cost[name]]]);
    const above = Object.fromEntries(of.map(([name, own]) => [name, of.filter(([, theirs]) =>
      theirs.some((one, i) => one !== own[i]) && theirs.every((one, i) => one <= own[i] + 1e-12)).map(([other]) => other).slice(0, 2)]));
    const dearest = Math.max(0, ...Object.values(cost)) || 1;
    document.querySelectorAll("#front-chart g.spot").forEach((spot) => {
      const name = spot.dataset.contender;
      spot.classList.toggle("faint", above[name].length > 0);
      spot.querySelector("circle").setAttribute("r",
        Math.sqrt(LEAST_DOT ** 2 + (MOST_DOT ** 2 - LEAST_DOT ** 2) * Math.max(0, cost[name]) / dearest).toFixed(1));
      spot.querySelector(".cost").textContent = money(cost[name]);
    });
    document.getElementById("dominated").replaceChildren(...Object.entries(above).filter(([, others]) => others.length)
      .map(([name, others]) => element("li", "", element("bdi", "", name), `: no better than ${others.join(" and ")} in right answers, wrong answers or cost`)));
  }

  /* sentences and the table */
  const spanOf100 = ({ low: from, high: to }) => (from === to ? "" : `${of100(from)} to ${of100(to)}`);
  function rangeSentences(ranges) {
    if (ranges.length === 1) return [`Of those that can be chosen, ${title(ranges[0].contender)} is worth the most on average, whatever a right answer is worth.`];
    return ranges.map(({ contender, low: from, high: to }) => {
      if (to === null) return `From ${smallUsd(from)} for a right answer: ${title(contender)}.`;
      if (from === 0) return `Below ${smallUsd(to)} for a right answer: ${title(contender)}.`;
      return `From ${smallUsd(from)} to ${smallUsd(to)}: ${title(contender)}.`;
    });
  }
  function cells(nets, utility) {
    const body = document.querySelector("#worth-table tbody"), rows = [...body.querySelectorAll("tr")];
    rows.sort((a, b) => nets[b.dataset.contender].net.value - nets[a.dataset.contender].net.value);
    rows.forEach((row) => {
      const name = row.dataset.contender, of = nets[name];
      const texts = {
        utility: of100(utility[name].value), utility_span: spanOf100(utility[name]),
        answers: money(of.answers.value), cost: money(of.cost.value), net: money(of.net.value), net_span: moneySpan(of.net),
        ...bakeoffValue.chosen(of, page.candidates.includes(name), percent, money),
      };
      Object.entries(texts).forEach(([key, text]) => { row.querySelector(`[data-worth="${key}"]`).textContent = text; });
    });
    body.append(...rows);
  }
  let last = {};
  /* calculate once before the first slider moves, so that it answers at once */
  function prepare(to, inputs) {
    last = bakeoffValue.drawn(page, inputs, { wrong: to.wrong_times, declined: to.declined_times }, bakeoffCost);
    bakeoffValue.worth(last, to.right_usd, page.candidates);
    bakeoffValue.chanceCurves(last, xs, page.candidates);
  }
  function update(to, inputs, isMoved) {
    const right = to.right_usd, stakes = { wrong: to.wrong_times, declined: to.declined_times };
    const of = last = bakeoffValue.drawn(page, inputs, stakes, bakeoffCost, last);
    const nets = bakeoffValue.worth(of, right, page.candidates), ranges = bakeoffValue.bestRanges(of, page.candidates);
    const utility = of.utilityIntervals;
    const leader = page.candidates.filter((name) => nets[name]).reduce((a, b) => (nets[b].net.value > nets[a].net.value ? b : a));
    const { net, best, loss } = nets[leader];
    const told = `If a right answer is worth ${smallUsd(right)}, of those that can be chosen, ${title(leader)} is worth the most on average: ` +
      `${money(net.value)}${moneySpan(net) && ` (${moneySpan(net)})`} a year. It is the best choice with a chance of ${percent(best)}, and the ` +
      `expected loss of choosing it is ${money(loss)} a year.`;
    document.getElementById("worth-told").textContent = told;
    document.querySelectorAll(".right-usd").forEach((one) => { one.textContent = smallUsd(right); });
    document.querySelectorAll("#worth-picture .moved").forEach((one) => {
      one.hidden = !isMoved;
      one.textContent = isMoved ? `You moved the sliders, so this picture is not your profile's. ${told}` : "";
    });
    cells(nets, utility);
    drawRows("net", Object.fromEntries(Object.entries(nets).map(([name, one]) => [name, one.net])), money, moneySpan, compactSigned);
    drawRows("utility", utility, of100, spanOf100, (value) => `${value < 0 ? "" : "+"}${(100 * value).toFixed(0)}`);
    const sentences = rangeSentences(ranges);
    document.getElementById("range-sentences").replaceChildren(...sentences.map((text) => element("li", "", text)));
    drawNets(of, drawChances(of, ranges, leader, right, sentences), leader, right, told);
    drawFront(nets);
    return of.totalIntervals;
  }
  function written(field, value, to) {
    if (field === "right_usd") return smallUsd(value);
    return `${Number(value.toPrecision(3))}× (${money(value * to.right_usd)})`;
  }
  return { sliders: page.sliders, prepare, update, written };
})();
