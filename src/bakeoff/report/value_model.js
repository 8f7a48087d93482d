/* What contenders are worth: the same formulas as decide/value/worth.py, updates.py and joint.py, with the same draws.
 *
 * Takes the draws and terms that value_payload.py writes, and cost inputs. Gives expected net value a year with
 * intervals, chances to be the best, expected losses, and ranges of the value of a right answer. Knows nothing about
 * the page. Defines one name, `bakeoffValue`; Node can `require` it with cost_model.js. A test compares it with Python:
 * change both or neither.
 */
"use strict";

const bakeoffValue = (() => {
  const DAYS_PER_MONTH = 365.25 / 12;
  const TAILS = [0.025, 0.975];
  const CHANCE = 3;

  /* Whole numbers of three bytes each, as text. */
  function decoded(text) {
    const bytes = atob(text), numbers = new Float64Array(bytes.length / 3);
    for (let i = 0, at = 0; i < numbers.length; i += 1, at += 3) {
      const whole = (bytes.charCodeAt(at) << 16) | (bytes.charCodeAt(at + 1) << 8) | bytes.charCodeAt(at + 2);
      numbers[i] = whole < 0x800000 ? whole : whole - 0x1000000;
    }
    return numbers;
  }

  /* The payload with its draws as arrays of fractions and of standard normal numbers. */
  function opened(page) {
    const all = (texts, unit) => texts.map((text) => decoded(text).map((whole) => whole / unit));
    const shares = (draws) => draws && {
      mass: all(draws.mass, page.unit),
      right: Object.fromEntries(Object.entries(draws.right).map(([name, texts]) => [name, all(texts, page.unit)])),
      declined: Object.fromEntries(Object.entries(draws.declined).map(([name, texts]) => [name, all(texts, page.unit)])),
    };
    return {
      ...page, outcomes: shares(page.outcomes), before: shares(page.before), after: shares(page.after),
      pace: all([page.pace], page.digits)[0],
      own_costs: Object.fromEntries(Object.entries(page.own_costs).map(([name, fields]) => [name, Object.fromEntries(
        Object.entries(fields).map(([field, text]) => [field, all([text], page.digits)[0]]))])),
    };
  }

  /* The shares of questions whose fact has changed, and has changed but is not yet known, over a horizon. */
  function changedShare(changes, months) {
    if (changes.interval_days === null) return 0;
    const n = (months * DAYS_PER_MONTH) / changes.interval_days;
    return n * changes.share > 1e-9 ? 1 - (1 - Math.pow(1 - changes.share, n)) / (n * changes.share) : 0;
  }
  const staleShare = (changes, changed, days) =>
    (changes.interval_days === null ? 0 : Math.min(changed, (changes.share * days) / changes.interval_days));

  /* What a question of group g gains if right, costs if wrong or declined, and is worth to today's people. */
  function amounts(page, stakes, g) {
    const own = page.own[g] || {}, { today } = page;
    const right = own.right ?? 1, wrong = own.wrong ?? stakes.wrong, declined = own.declined ?? stakes.declined;
    const today_worth = today ? right * today.right - wrong * today.wrong - declined * today.declined : 0;
    return { right, wrong, declined: declined - (page.handed ? today_worth : 0), today: today_worth };
  }

  /* A contender's shares of right and declined answers in each draw, by group, with those about changed documents. */
  function mixed(page, name, months) {
    const { mass } = page.outcomes, n = mass[0].length;
    const changed = changedShare(page.changes, months);
    const stale = changed && staleShare(page.changes, changed, page.update_days[name] || 0);
    const [before, after] = [page.before, page.after].map((draws) => (draws && draws.right[name] ? draws : null));
    const sums = (draws) => draws && [draws.right[name], draws.declined[name]].map((parts) => added(parts, n));
    const [of_before, of_after] = changed ? [sums(before), sums(after)] : [null, null];
    return mass.map((share, g) => {
      const [rights, declines] = [page.outcomes.right[name][g], page.outcomes.declined[name][g]];
      if (!changed) return [rights, declines];
      const [right, declined, known] = [new Float64Array(n), new Float64Array(n), changed - stale];
      for (let d = 0; d < n; d += 1) {
        const [later_right, later_declined] = of_after
          ? [of_after[0][d] * share[d], of_after[1][d] * share[d]] : [rights[d], declines[d]];
        const [old_right, old_declined] = of_before ? [of_before[0][d] * share[d], of_before[1][d] * share[d]] : [0, 0];
        right[d] = (1 - changed) * rights[d] + known * later_right + stale * old_right;
        declined[d] = (1 - changed) * declines[d] + known * later_declined + stale * old_declined;
      }
      return [right, declined];
    });
  }

  /* The mean worth of a question in each draw, in right answers. `stakes` is what a wrong and a declined answer cost. */
  function utilityOf(page, shares, stakes) {
    const { mass } = page.outcomes, total = new Float64Array(mass[0].length);
    mass.forEach((share, g) => {
      const of = amounts(page, stakes, g), [right, declined] = shares[g];
      for (let d = 0; d < total.length; d += 1) {
        total[d] += of.right * right[d] - of.wrong * (share[d] - right[d] - declined[d]) - of.declined * declined[d];
      }
    });
    return total;
  }
  function added(parts, n) {
    const sum = new Float64Array(n);
    parts.forEach((part) => { for (let d = 0; d < n; d += 1) sum[d] += part[d]; });
    return sum;
  }

  /* What a question is worth today in each draw, in right answers; 0 if nobody answers. */
  function todayUtility(page, stakes) {
    const { mass } = page.outcomes, total = new Float64Array(mass[0].length);
    mass.forEach((share, g) => {
      const { today } = amounts(page, stakes, g);
      for (let d = 0; d < total.length; d += 1) total[d] += today * share[d];
    });
    return total;
  }

  /* Every contender's utility, and that of doing nothing, by name. */
  function utilities(page, stakes, months) {
    const found = Object.fromEntries(page.names.map((name) => [name, utilityOf(page, mixed(page, name, months), stakes)]));
    found[page.nothing] = todayUtility(page, stakes);
    return found;
  }

  /* The totals with what today's people cost for declined questions: each is paid, and they have to be there. */
  function withHandOvers(page, totals, first) {
    if (!page.handed) return totals;
    const [queries, months] = discounted(first), { per_question, per_month } = page.today_usd;
    return Object.fromEntries(Object.entries(totals).map(([name, total]) => {
      if (!page.names.includes(name)) return [name, total];
      const parts = mixed(page, name, first.horizon_months).map(([, declined]) => declined);
      const handed = added(parts, total.length);
      return [name, total.map((usd, d) => usd + per_question * queries * handed[d] + per_month * months)];
    }));
  }

  /* The queries and the months of the horizon, discounted. */
  function discounted(c) {
    let [queries, months] = [0, 0];
    for (let month = 1; month <= c.horizon_months; month += 1) {
      const weight = Math.pow(1 + c.discount_per_year, -month / 12);
      months += weight;
      queries += c.queries_per_month * Math.pow(1 + c.growth_per_month, month - 1) * weight;
    }
    return [queries, months];
  }

  /* The median of draws with this mean and 95 % of them from low to high, and how far the ends are from it: as in
   * decide/situation/ranges.py and decide/cost/draws.py. */
  function spreadOf(value, [start, end], z, z95) {
    const [low, high] = [Math.min(start, value), Math.max(end, value)];
    const [above, below] = [1, -1].map((sign) => mean(z.map((one) => Math.max(0, sign * one))) / z95);
    const median = Math.min(high, Math.max(low, (value - above * high - below * low) / (1 - above - below)));
    return [median, high - median, median - low];
  }

  /* Every contender's total cost in each draw, and that of doing nothing. `inputs` are by contender. */
  function totals(page, inputs, cost) {
    const n = page.outcomes.mass[0].length, found = {};
    Object.entries(inputs).forEach(([name, c]) => {
      const ranges = Object.entries(c.intervals || {}).map(([field, ends]) => {
        const z = page.paced.includes(field) ? page.pace : page.own_costs[name][field];
        return [field, ...spreadOf(c[field], ends, z, page.z_95), z];
      });
      const total = new Float64Array(n), at = { ...c }, totalOf = cost.totaller(c);
      for (let d = 0; d < n; d += 1) {
        for (const [field, median, above, below, z] of ranges) {
          at[field] = Math.max(0, median + ((z[d] > 0 ? above : below) * z[d]) / page.z_95);
        }
        total[d] = totalOf(at);
      }
      found[name] = total;
    });
    const first = Object.values(inputs)[0];
    const [queries, months] = first ? discounted(first) : [0, 0];
    found[page.nothing] = new Float64Array(n).fill(page.today_usd.per_question * queries + page.today_usd.per_month * months);
    return found;
  }

  /* Net value a year in each draw, if a right answer is worth so many US dollars. */
  function nets(of, right) {
    const yearly = 12 / of.months;
    return Object.fromEntries(Object.entries(of.totals).map(([name, total]) =>
      [name, total.map((usd, d) => (right * of.queries * of.utility[name][d] - usd) * yearly)]));
  }

  /* The chance of each candidate to be the best at each of these values of a right answer: by name, one for each. */
  function chanceCurves(of, rights, candidates) {
    const names = candidates.filter((name) => name in of.totals);
    const [gains, costs] = [names.map((name) => of.utility[name]), names.map((name) => of.totals[name])];
    const curves = names.map(() => new Float64Array(rights.length)), n = gains.length ? gains[0].length : 0;
    const now = new Float64Array(names.length);
    rights.forEach((right, at) => {
      const factor = right * of.queries;
      for (let d = 0; d < n; d += 1) {
        let [top, equal] = [-Infinity, 0];
        for (let i = 0; i < names.length; i += 1) {
          now[i] = factor * gains[i][d] - costs[i][d];
          if (now[i] > top) [top, equal] = [now[i], 1];
          else if (now[i] === top) equal += 1;
        }
        for (let i = 0; i < names.length; i += 1) if (now[i] === top) curves[i][at] += 1 / equal / n;
      }
    });
    return Object.fromEntries(names.map((name, i) => [name, curves[i]]));
  }

  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  /* The mean and the 95 % interval of draws. */
  function interval(values) {
    const sorted = Float64Array.from(values).sort();
    const [low, high] = TAILS.map((share) => {
      const at = share * (sorted.length - 1), below = Math.floor(at);
      const next = sorted[Math.min(below + 1, sorted.length - 1)];
      return sorted[below] + (next - sorted[below]) * (at - below);
    });
    return { value: mean(values), low, high };
  }

  /* How often each candidate has the highest value; equal ones share a draw. */
  function chances(drawn, candidates) {
    const names = candidates.filter((name) => name in drawn), tables = names.map((name) => drawn[name]);
    const wins = new Float64Array(names.length), n = tables.length ? tables[0].length : 0;
    for (let d = 0; d < n; d += 1) {
      let [top, equal] = [-Infinity, 0];
      for (const table of tables) {
        if (table[d] > top) [top, equal] = [table[d], 1];
        else if (table[d] === top) equal += 1;
      }
      tables.forEach((table, i) => { if (table[d] === top) wins[i] += 1 / equal; });
    }
    return Object.fromEntries(names.map((name, i) => [name, wins[i] / n]));
  }

  const scaled = ({ value, low, high }, factor) => ({ value: value * factor, low: low * factor, high: high * factor });

  /* Each contender's worth a year: of its answers, cost, net, chance to be the best, expected loss. */
  function worth(of, right, candidates) {
    const net = nets(of, right), yearly = 12 / of.months, best = chances(net, candidates);
    const among = candidates.filter((name) => name in net).map((name) => net[name]);
    let top = 0;
    for (let d = 0, n = Object.values(net)[0].length; d < n; d += 1) {
      let most = -Infinity;
      for (const values of among) if (values[d] > most) most = values[d];
      top += most / n;
    }
    return Object.fromEntries(Object.entries(net).map(([name, values]) => {
      const own = interval(values);
      return [name, {
        answers: scaled(of.utilityIntervals[name], right * of.queries * yearly),
        cost: scaled(of.totalIntervals[name], yearly),
        net: own, best: best[name] || 0, loss: among.length ? top - own.value : 0,
      }];
    }));
  }

  /* The chance and the loss as text; a dash for one that cannot be chosen, since it is not among those compared. */
  const chosen = ({ best, loss }, isCandidate, percent, money) =>
    (isCandidate ? { best: percent(best), loss: money(loss) } : { best: "–", loss: "–" });

  /* Each contender's expected net value a year over the value of a right answer: slope and start, by name. */
  function lines(of) {
    const yearly = 12 / of.months;
    return Object.fromEntries(Object.keys(of.totals).map((name) =>
      [name, [of.utilityIntervals[name].value * of.queries * yearly, -of.totalIntervals[name].value * yearly]]));
  }

  /* Whether a contender's answers are worth more on average, by more than the draws vary by chance. */
  function isMoreUseful(of, name, other) {
    const more = of.utility[name].map((value, d) => value - of.utility[other][d]), average = mean(more);
    return average > CHANCE * Math.sqrt(mean(more.map((value) => (value - average) ** 2)) / more.length);
  }

  /* Which candidate has the highest expected net value from which value of a right answer on. */
  function bestRanges(of, candidates) {
    const left = Object.entries(lines(of)).filter(([name]) => candidates.includes(name));
    if (!left.length) return [];
    let at = 0, now = left.reduce((a, b) => (b[1][1] > a[1][1] || (b[1][1] === a[1][1] && b[1][0] > a[1][0]) ? b : a));
    const found = [];
    for (;;) {
      const [name, [slope, start]] = now, from = at;
      const crossings = left.filter(([other]) => isMoreUseful(of, other, name))
        .map((line) => [Math.max(from, (start - line[1][1]) / (line[1][0] - slope)), line]);
      if (!crossings.length) return [...found, { contender: name, low: at, high: null }];
      const nearest = Math.min(...crossings.map(([usd]) => usd));
      if (nearest > at) found.push({ contender: name, low: at, high: nearest });
      now = crossings.filter(([usd]) => usd === nearest).map(([, line]) => line).reduce((a, b) => (b[1][0] > a[1][0] ? b : a));
      at = nearest;
    }
  }

  /* Everything drawn, for contenders with these cost inputs. What did not change since `before` is taken from it. */
  function drawn(page, inputs, stakes, cost, before = {}) {
    const first = Object.values(inputs)[0], months = first.horizon_months;
    const [ofUtility, ofTotals] = [JSON.stringify([stakes, months]), JSON.stringify(inputs)];
    const intervals = (draws) => Object.fromEntries(Object.entries(draws).map(([name, values]) => [name, interval(values)]));
    const of = { ...before, ofUtility, ofTotals, queries: discounted(first)[0], months };
    if (before.ofUtility !== ofUtility) {
      of.utility = utilities(page, stakes, months);
      of.utilityIntervals = intervals(of.utility);
    }
    if (before.ofTotals !== ofTotals) {
      of.totals = withHandOvers(page, totals(page, inputs, cost), first);
      of.totalIntervals = intervals(of.totals);
    }
    return of;
  }

  return { opened, drawn, utilities, totals, discounted, nets, interval, chances, chanceCurves, worth, chosen, lines, bestRanges, mean };
})();

if (typeof module !== "undefined") module.exports = bakeoffValue;
