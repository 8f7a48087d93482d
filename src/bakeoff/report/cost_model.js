/* The cost model of a contender: the same formulas as decide/cost/model.py and decide/cost/break_even.py.
 *
 * Takes plain objects with the fields of `CostInputs` (see decide/cost/model.py for their meaning and units), gives
 * US dollars. Knows nothing about the page. Defines one name, `bakeoffCost`; Node can `require` it too. A test compares
 * it with the Python code on random inputs: change both or neither.
 */
"use strict";

const bakeoffCost = (() => {
  const HOUR = 3600;
  const HOURS_PER_MONTH = (24 * 365.25) / 12;
  const MILLION = 1e6;
  const SAME = 1e-9; // two totals closer than this share of the larger count as equal

  const trainingUsd = (c, seconds, tokens) =>
    (seconds / HOUR) * c.training_usd_per_hour + (tokens / MILLION) * c.training_usd_per_million_tokens;

  function setupUsd(c) {
    const days = (c.data_days + c.setup_days + c.project_days) * c.engineering_usd_per_day;
    const training = trainingUsd(c, c.training_seconds, c.training_tokens);
    const calculated = days + training + (c.indexing_seconds / HOUR) * c.serving_usd_per_hour + c.fixed_setup_usd;
    return Math.max(c.least_setup_usd, calculated);
  }

  const marginalUsdPerQuery = (c) => Math.max(c.least_usd_per_query, ownUsdPerQuery(c));
  function ownUsdPerQuery(c) {
    const seconds = c.compute_seconds_per_query + c.retrieval_seconds_per_query;
    const fresh = c.prompt_tokens_per_query * (1 - c.cached_prompt_share) * c.input_usd_per_million_tokens;
    const cached = c.prompt_tokens_per_query * c.cached_prompt_share * c.cached_input_usd_per_million_tokens;
    const completion = c.completion_tokens_per_query * c.output_usd_per_million_tokens;
    const tokens = ((fresh + cached + completion) / MILLION) * (1 - c.batch_saving);
    return (seconds / HOUR) * c.serving_usd_per_hour + tokens + c.fixed_usd_per_query;
  }

  const upkeepUsdPerMonth = (c) => Math.max(c.least_usd_per_month, ownUpkeepUsdPerMonth(c));
  function ownUpkeepUsdPerMonth(c) {
    const retraining = trainingUsd(c, c.retraining_seconds_per_update, c.retraining_tokens_per_update);
    const reindexing = (c.reindexing_seconds_per_update / HOUR) * c.serving_usd_per_hour;
    const work = c.upkeep_days_per_month + c.updates_per_month * c.approval_days_per_update;
    const monthly = c.on_call_usd_per_month + c.index_usd_per_month + c.fixed_usd_per_month;
    return c.updates_per_month * (retraining + reindexing) + work * c.engineering_usd_per_day + monthly;
  }

  /* What the least amounts of a part add: to the upkeep of a month, and to a query. It pays for idle hours first. */
  const added = (c) => (c.least_usd_per_month || c.least_usd_per_query
    ? [upkeepUsdPerMonth(c) - ownUpkeepUsdPerMonth(c), marginalUsdPerQuery(c) - ownUsdPerQuery(c)] : [0, 0]);

  function idleUsd(c, queries, [perMonth, perQuery] = added(c)) {
    const busyHours = (queries * (c.compute_seconds_per_query + c.retrieval_seconds_per_query)) / HOUR;
    const hours = Math.max(0, c.online_hours_per_month - busyHours) * c.serving_usd_per_hour;
    return Math.max(0, hours - (perMonth + queries * perQuery));
  }

  /* US dollars paid so far, in today's money, before the first month and after each: horizon_months + 1 numbers. */
  function cumulativeUsd(c) {
    const paid = [setupUsd(c)];
    const marginal = marginalUsdPerQuery(c);
    const upkeep = upkeepUsdPerMonth(c);
    for (let month = 1; month <= c.horizon_months; month += 1) {
      const queries = c.queries_per_month * Math.pow(1 + c.growth_per_month, month - 1);
      const usd = queries * marginal + upkeep + idleUsd(c, queries);
      paid.push(paid[month - 1] + usd * Math.pow(1 + c.discount_per_year, -month / 12));
    }
    return paid;
  }

  const totalCost = (c) => cumulativeUsd(c)[c.horizon_months];

  /* The total as a function of inputs that have the same volume, growth, discount and horizon as `c`: what depends only
   * on those is calculated once. For many draws of one contender. */
  function totaller(c) {
    const weights = Array.from({ length: c.horizon_months }, (_, i) => Math.pow(1 + c.discount_per_year, -(i + 1) / 12));
    const queries = weights.map((_, i) => c.queries_per_month * Math.pow(1 + c.growth_per_month, i));
    const months = weights.reduce((sum, one) => sum + one, 0);
    const allQueries = weights.reduce((sum, one, i) => sum + one * queries[i], 0);
    return (at) => {
      let total = setupUsd(at) + allQueries * marginalUsdPerQuery(at) + months * upkeepUsdPerMonth(at);
      if (at.online_hours_per_month && at.serving_usd_per_hour) {
        const paid = added(at);
        for (let i = 0; i < weights.length; i += 1) total += weights[i] * idleUsd(at, queries[i], paid);
      }
      return total;
    };
  }

  const nothingIfSame = (x, y) => (Math.abs(x - y) <= SAME * Math.max(Math.abs(x), Math.abs(y)) ? 0 : x - y);

  /* The first-month volumes at which no idle hours are left to pay for, one for each month. */
  function kinks(c) {
    const seconds = c.compute_seconds_per_query + c.retrieval_seconds_per_query;
    const idle = idleUsd(c, 0);
    const lessPerQuery = (seconds / HOUR) * c.serving_usd_per_hour + added(c)[1];
    if (!idle || !lessPerQuery) return [];
    const full = idle / lessPerQuery;
    return Array.from({ length: c.horizon_months }, (_, month) => full / Math.pow(1 + c.growth_per_month, month));
  }

  /* Stretches of volume as [start, sign of a's total minus b's]. Neighbours differ in sign. */
  function orderByVolume(a, b) {
    const volumes = Array.from(new Set([0, ...kinks(a), ...kinks(b)])).sort((x, y) => x - y);
    const at = (c, volume) => totalCost(Object.assign({}, c, { queries_per_month: volume }));
    const differences = volumes.map((volume) => nothingIfSame(at(a, volume), at(b, volume)));
    const stretches = [];
    for (let i = 0; i + 1 < volumes.length; i += 1) {
      const [left, right, atLeft, atRight] = [volumes[i], volumes[i + 1], differences[i], differences[i + 1]];
      if (atLeft * atRight < 0) {
        stretches.push([left, Math.sign(atLeft)]);
        stretches.push([left + ((right - left) * atLeft) / (atLeft - atRight), Math.sign(atRight)]);
      } else {
        stretches.push([left, Math.sign(atLeft) || Math.sign(atRight)]);
      }
    }
    const [end, atEnd] = [volumes[volumes.length - 1], differences[differences.length - 1]];
    const growth = Array.from({ length: a.horizon_months }, (_, i) => weight(a, i + 1)).reduce((x, y) => x + y, 0);
    const slope = growth * nothingIfSame(marginalUsdPerQuery(a), marginalUsdPerQuery(b));
    stretches.push([end, Math.sign(atEnd) || Math.sign(slope)]);
    if (atEnd * slope < 0) stretches.push([end - atEnd / slope, Math.sign(slope)]);
    return stretches.filter((one, i) => i === 0 || one[1] !== stretches[i - 1][1]);
  }

  /* The weight of one first-month query in a month of the total: its growth, discounted. */
  function weight(c, month) {
    return Math.pow(1 + c.growth_per_month, month - 1) * Math.pow(1 + c.discount_per_year, -month / 12);
  }

  /* How many queries one machine can answer in a month, at the seconds of a query of the slower of the two. */
  function capacityPerMonth(a, b) {
    const seconds = [a, b].map((c) => c.compute_seconds_per_query + c.retrieval_seconds_per_query);
    return (HOURS_PER_MONTH * HOUR) / Math.max(...seconds);
  }

  /* The lowest volume that both can answer and at which the cheaper of the two changes, or null. */
  const lowestChange = (stretches, capacity) => (stretches.length > 1 && stretches[1][0] <= capacity ? stretches[1][0] : null);
  const breakEvenVolume = (a, b) => lowestChange(orderByVolume(a, b), capacityPerMonth(a, b));

  /* The lowest and highest such volume of three cases: measured numbers as they are, and at opposite ends of their
   * intervals. The upper bound is null if one of the cases has none. */
  function breakEvenBounds(a, b) {
    const capacity = capacityPerMonth(a, b);
    const crossings = [[a, b], ...[0, 1].map((end) => [atBound(a, end), atBound(b, 1 - end)])]
      .map(([x, y]) => lowestChange(orderByVolume(x, y), capacity));
    const volumes = crossings.filter((volume) => volume !== null);
    return [volumes.length ? Math.min(...volumes) : null, volumes.length === crossings.length ? Math.max(...volumes) : null];
  }

  /* The first month after which the one with the higher set-up cost has cost no more in total, or null. */
  function breakEvenMonth(a, b) {
    const paidByB = cumulativeUsd(b);
    const differences = cumulativeUsd(a).map((paid, month) => nothingIfSame(paid, paidByB[month]));
    const dearer = Math.sign(differences[0]);
    const month = dearer ? differences.findIndex((difference) => difference * dearer <= 0) : -1;
    return month < 0 ? null : month;
  }

  /* The same inputs with every measured number at the low (0) or high (1) end of its interval. */
  const atBound = (c, end) => Object.assign({}, c,
    Object.fromEntries(Object.entries(c.intervals || {}).map(([field, ends]) => [field, ends[end]])));

  /* The part of the total that pays for days of work, as calculated for the contender itself. */
  const withoutLeast = (c) => Object.assign({}, c, { least_setup_usd: 0, least_usd_per_month: 0, least_usd_per_query: 0 });
  const peopleUsd = (c) =>
    totalCost(withoutLeast(c)) - totalCost(Object.assign(withoutLeast(c), { engineering_usd_per_day: 0 }));

  /* The total with each input alone a quarter lower and a quarter higher, as [input, low, high], largest change first.
   * Inputs that are 0 or change nothing are left out. */
  function tornado(c) {
    const at = (field, value) => {
      const possible = { cached_prompt_share: Math.min(1, value), batch_saving: Math.min(1, value), horizon_months: Math.max(1, Math.round(value)) };
      return totalCost(Object.assign({}, c, { [field]: field in possible ? possible[field] : value }));
    };
    return Object.entries(c).filter(([, value]) => typeof value === "number" && value)
      .map(([field, value]) => [field, at(field, value * 0.75), at(field, value * 1.25)])
      .filter(([, low, high]) => low !== high)
      .sort((x, y) => Math.abs(y[2] - y[1]) - Math.abs(x[2] - x[1]));
  }

  /* The contender's inputs after the sliders moved from one situation to another. The machine's price is also the price
   * of training if both were the same. Other prices keep their ratio to the slider's, cached tokens to fresh ones. */
  function changed(c, from, to) {
    const times = (field) => (field in to ? to[field] / from[field] : 1);
    const trainsHere = c.training_usd_per_hour === c.serving_usd_per_hour;
    return Object.assign({}, c, {
      queries_per_month: to.queries_per_month,
      horizon_months: to.horizon_months,
      serving_usd_per_hour: to.machine_usd_per_hour,
      training_usd_per_hour: trainsHere ? to.machine_usd_per_hour : c.training_usd_per_hour * times("training_usd_per_hour"),
      engineering_usd_per_day: to.engineering_usd_per_day,
      input_usd_per_million_tokens: c.input_usd_per_million_tokens * times("input_usd_per_million_tokens"),
      cached_input_usd_per_million_tokens: c.cached_input_usd_per_million_tokens * times("input_usd_per_million_tokens"),
      output_usd_per_million_tokens: c.output_usd_per_million_tokens * times("output_usd_per_million_tokens"),
      training_usd_per_million_tokens: c.training_usd_per_million_tokens * times("training_usd_per_million_tokens"),
    });
  }

  /* A volume with three digits; below 1,000 a whole number. */
  const about = (volume) => whole(volume < 1000 ? volume : Number(volume.toPrecision(3)));
  const whole = (number) => number.toLocaleString("en", { maximumFractionDigits: 0 });

  /* Which contender costs less at which volume, how the intervals change that, and when the higher set-up cost pays off. */
  function breakEvenSentence(a, b) {
    return [volumeSentence(a, b), boundsSentence(...breakEvenBounds(a, b)), monthSentence(a, b)].filter(Boolean).join(" ");
  }
  function volumeSentence(a, b) {
    const stretches = orderByVolume(a, b);
    const cheaper = (sign) => (sign < 0 ? a.name : sign > 0 ? b.name : null);
    const below = cheaper(stretches[0][1]);
    const other = below === a.name ? b.name : a.name;
    const verb = below ? `'${below}' costs less than '${other}'` : `'${a.name}' and '${b.name}' cost the same`;
    if (stretches.length === 1) return `${verb} over ${a.horizon_months} months at every volume.`;
    const capacity = capacityPerMonth(a, b);
    if (lowestChange(stretches, capacity) === null) {
      return `${verb} over ${a.horizon_months} months at every volume up to a break-even that lies beyond what this machine can answer (about ${about(capacity)} a month).`;
    }
    const above = cheaper(stretches[1][1]);
    const then = above ? `above that '${above}'` : "above that they cost the same";
    const more = stretches.length > 2 ? `; the order changes ${stretches.length - 2} more time(s) at higher volumes` : "";
    return `${verb} over ${a.horizon_months} months up to ${about(stretches[1][0])} queries a month, ${then}${more}.`;
  }
  function boundsSentence(low, high) {
    if (low === null || (high !== null && about(low) === about(high))) return "";
    const where = "Within the intervals of the inputs, the order";
    if (high === null) return `${where} may change at any volume from ${about(low)}, or never.`;
    return `${where} changes between ${about(low)} and ${about(high)} queries.`;
  }
  function monthSentence(a, b) {
    const start = nothingIfSame(setupUsd(a), setupUsd(b));
    if (!start) return "Both cost the same to set up.";
    const [dearer, other] = start > 0 ? [a.name, b.name] : [b.name, a.name];
    const month = breakEvenMonth(a, b);
    const setup = `'${dearer}' costs more to set up than '${other}'. At ${whole(a.queries_per_month)} queries a month the total of '${dearer}'`;
    if (month === null) return `${setup} stays higher for all ${a.horizon_months} months.`;
    return `${setup} is no longer higher after month ${month}.`;
  }

  return { setupUsd, marginalUsdPerQuery, upkeepUsdPerMonth, idleUsd, cumulativeUsd, totalCost, totaller, orderByVolume,
           breakEvenVolume, breakEvenMonth, peopleUsd, tornado, changed, breakEvenSentence, about };
})();

if (typeof module !== "undefined") module.exports = bakeoffCost;
