"use strict";
/* How amounts are written and charts are drawn, for the scripts of the page: the same as in sentences.py, wording.py,
   charts.py and verdict_charts.py. All text goes into the page as text, never as HTML. Defines `bakeoffDraw`. */
const bakeoffDraw = (() => {
  const LEFT = 46, TOP = 30, BOTTOM = 46, LABEL_STEP = 15, MOST_LABEL = 14, SPACE = "\u202f";

  /* how amounts are written: the same as in sentences.py */
  function usd(amount) {
    if (amount === 0) return `0${SPACE}USD`;
    if (amount > 0 && amount < 0.0001) return `<0.0001${SPACE}USD`;
    if (Math.abs(amount) >= 10) return `${whole(amount)}${SPACE}USD`;
    let zeros = 0;
    for (let rest = Math.abs(amount); rest < 0.1 && zeros < 8; rest *= 10) zeros += 1;
    return `${amount.toFixed(zeros + 2)}${SPACE}USD`;
  }
  const whole = (number) => number.toLocaleString("en", { maximumFractionDigits: 0 });
  function interval(low, high) {
    const [a, b] = [usd(low), usd(high)];
    return a === b ? "" : `${a.replace(`${SPACE}USD`, "")}–${b}`;
  }
  function compact(number) {
    for (const [size, letter] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]]) {
      if (number >= size) return Number((number / size).toPrecision(6)) + letter;
    }
    return String(Number(number.toPrecision(6)));
  }

  /* an amount with three digits, as in wording.py: '52,700 USD' */
  function money(amount) {
    if (amount === 0) return "0 USD";
    if (Math.abs(amount) < 10) return `${String(Number(amount.toPrecision(2)))} USD`;
    if (Math.abs(amount) < 1000) return `${whole(amount)} USD`;
    const step = Math.pow(10, Math.max(0, Math.abs(amount).toFixed(0).length - 3));
    return `${whole(Math.round(amount / step) * step)} USD`;
  }
  const moneySpan = ({ low, high }) => (low === high ? "" : `${money(low).replace(" USD", "")} to ${money(high)}`);
  function smallUsd(amount) {
    return `${amount < 100 ? Number(amount.toPrecision(3)).toLocaleString("en", { maximumFractionDigits: 12 }) : whole(amount)} USD`;
  }
  function percent(share) {
    if (share > 0 && share < 0.005) return `<1${SPACE}%`;
    if (share > 0.995 && share < 1) return `>99${SPACE}%`;
    const [points, below] = [100 * share, Math.floor(100 * share)];
    return `${points - below === 0.5 ? below + (below % 2) : Math.round(points)}${SPACE}%`;
  }
  function of100(utility) {
    if (utility === 0) return "0";
    const points = Math.round(1000 * utility) / 10 + 0;
    return `${points < 0 ? "" : "+"}${points.toFixed(1)}`;
  }
  const compactSigned = (number) => (number < 0 ? `-${compact(-number)}` : compact(number));

  /* drawing */
  function svgNode(tag, attributes, text) {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    Object.entries(attributes).forEach(([name, value]) => node.setAttribute(name, value));
    if (text !== undefined) node.textContent = text;
    return node;
  }
  const line = (x1, y1, x2, y2, css) => svgNode("line", { x1, y1, x2, y2, class: css });
  const label = (x, y, text, css, anchor) => svgNode("text", { x, y, class: css, "text-anchor": anchor }, text);
  const shortened = (name) => (name.length <= MOST_LABEL ? name : `${name.slice(0, MOST_LABEL - 1)}…`);
  const scale = (low, high, start, end) => (value) => start + ((value - low) * (end - start)) / (high - low || 1);
  function roundStep(step) {
    const power = Math.pow(10, Math.floor(Math.log10(step)));
    return [1, 2, 2.5, 5, 10].find((lead) => lead * power >= step * 0.999) * power;
  }
  function logTicks(low, high) {
    let ticks = [];
    for (const leads of [[1, 2, 5], [1, 3], [1]]) {
      ticks = [];
      for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power += 1) {
        ticks.push(...leads.map((lead) => lead * Math.pow(10, power)).filter((tick) => low <= tick && tick <= high));
      }
      if (ticks.length <= 6) return ticks.length ? ticks : [low, high];
    }
    return ticks.filter((_, i) => i % Math.ceil(ticks.length / 6) === 0);
  }
  function spread(ys, top, bottom) {
    const order = ys.map((_, i) => i).sort((i, j) => ys[i] - ys[j] || i - j);
    const placed = [...ys];
    let floor = -Infinity;
    order.forEach((i) => { placed[i] = floor = Math.max(placed[i], floor + LABEL_STEP); });
    let ceiling = bottom;
    order.reverse().forEach((i) => { placed[i] = Math.min(placed[i], ceiling); ceiling = placed[i] - LABEL_STEP; });
    return placed;
  }
  function frame(selector, draw) {
    document.querySelectorAll(`${selector} > svg`).forEach((svg) => {
      svg.replaceChildren();
      draw(svg, svg.viewBox.baseVal.width, svg.viewBox.baseVal.height);
    });
  }
  function axes(svg, right, height, yTicks, atY, xTicks, atX, xText, titles) {
    yTicks.forEach((tick) => svg.append(line(LEFT, atY(tick), right, atY(tick), "grid"),
      label(LEFT - 6, atY(tick) + 4, compact(tick), "tick", "end")));
    xTicks.forEach((tick) => svg.append(line(atX(tick), height - BOTTOM, atX(tick), height - BOTTOM + 4, "axis"),
      label(atX(tick), height - BOTTOM + 18, xText(tick), "tick", "middle")));
    svg.append(label(right, height - 6, titles[0], "axis-title", "end"), label(0, 12, titles[1], "axis-title", "start"));
  }
  function lines(svg, series, crossings, atX, atY, right, height, first, top = TOP) {
    const ends = spread(series.map((one) => atY(one.ys[one.ys.length - 1])), top, height - BOTTOM);
    series.forEach((one, i) => {
      const css = one.name === first ? " first" : "";
      const points = one.xs.map((x, j) => `${atX(x).toFixed(1)},${atY(one.ys[j]).toFixed(1)}`).join(" ");
      svg.append(svgNode("polyline", { points, class: `cost-line ${one.css}${css}` }),
        line(right + 1, atY(one.ys[one.ys.length - 1]), right + 8, ends[i], `leader ${one.css}`),
        label(right + 11, ends[i] + 4.5, shortened(one.label ?? one.name), `name${css}`, "start"));
    });
    crossings.forEach(([x, y, sentence]) => {
      const group = svgNode("g", {});
      group.append(svgNode("title", {}, sentence), svgNode("circle", { cx: atX(x), cy: atY(y), r: 4.5, class: "crossing" }));
      svg.append(group);
    });
  }
  function element(tag, css, ...children) {
    const node = document.createElement(tag);
    if (css) node.className = css;
    node.append(...children);
    return node;
  }

  return { LEFT, TOP, BOTTOM, SPACE, usd, whole, interval, compact, compactSigned, money, moneySpan, smallUsd, percent, of100,
           svgNode, line, label, shortened, scale, roundStep, logTicks, spread, frame, axes, lines, element };
})();
