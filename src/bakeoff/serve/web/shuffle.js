// A random order that nobody can predict.

/** A copy in random order; each order is equally likely (Fisher and Yates). */
export function shuffled(items) {
  const order = [...items];
  for (let i = order.length - 1; i > 0; i -= 1) {
    const j = below(i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/** A random whole number from 0 to n - 1. Numbers from the incomplete last round are drawn again. */
function below(n) {
  const limit = Math.floor(2 ** 32 / n) * n;
  for (;;) {
    const [number] = crypto.getRandomValues(new Uint32Array(1));
    if (number < limit) return number % n;
  }
}
