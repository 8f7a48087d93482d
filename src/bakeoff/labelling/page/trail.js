// Which answer is shown: the next one without a label, or one of a list to go through (earlier ones, disputed ones).

export class Trail {
  constructor() {
    this.pending = [];
    this.done = [];
    this.list = null; // {ids, at, others}
  }

  /**
   * What the server knows. `unsaved` are ids whose labels are still on their way. The answer in view stays the current
   * one, even if it was labelled in another window in the meantime: a verdict is about what is seen.
   */
  update({ pending, done }, unsaved, inView) {
    const isNew = inView !== null && !this.list && !unsaved.includes(inView);
    this.done = [...done.filter((id) => !unsaved.includes(id) && !(isNew && id === inView)), ...unsaved];
    const labelled = new Set(this.done);
    this.pending = pending.filter((id) => !labelled.has(id) && id !== inView);
    if (isNew) this.pending.unshift(inView);
  }

  /** The id of the answer to show; null if there is none left. */
  get current() {
    return this.list ? this.list.ids[this.list.at] : (this.pending[0] ?? null);
  }

  /** Whether what others say is shown with it. */
  get others() {
    return Boolean(this.list?.others);
  }

  get upcoming() {
    return this.list ? this.list.ids.slice(this.list.at + 1) : this.pending.slice(1);
  }

  get canGoBack() {
    return this.list ? this.list.at > 0 : this.done.length > 0;
  }

  get canGoForward() {
    return this.list !== null;
  }

  back() {
    if (!this.canGoBack) return;
    if (this.list) this.list.at -= 1;
    else this.list = { ids: [...this.done], at: this.done.length - 1, others: false };
  }

  /** To the next one of the list, or past its end to the next answer without a label. */
  forward() {
    if (!this.list) return;
    this.list.at += 1;
    if (this.list.at === this.list.ids.length) this.list = null;
  }

  /** Goes through these answers, with what others say. */
  look(ids) {
    this.list = ids.length ? { ids: [...ids], at: 0, others: true } : null;
  }

  /** The answer in view was labelled: on to the next. */
  labelled(id) {
    if (!this.done.includes(id)) this.done.push(id);
    this.pending = this.pending.filter((other) => other !== id);
    if (this.list) this.forward();
  }
}
