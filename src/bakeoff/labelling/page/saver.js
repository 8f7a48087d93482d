// Sends labels to the server one after another, in the background. What could not be sent is kept and sent again.

import { postJson } from "./api.js";

export class Saver {
  /** `saved` is called with the server's state after each label, `failed` with an error; then `again` goes on. */
  constructor(saved, failed, path = "/labels") {
    this.path = path;
    this.waiting = [];
    this.saved = saved;
    this.failed = failed;
    this.isSending = false;
    addEventListener("beforeunload", (event) => {
      if (this.waiting.length) event.preventDefault(); // the browser asks whether to leave
    });
  }

  get ids() {
    return this.waiting.map((label) => label.id);
  }

  add(label) {
    this.waiting.push(label);
    this.again();
  }

  async again() {
    if (this.isSending) return;
    this.isSending = true;
    try {
      while (this.waiting.length) {
        const state = await (await postJson(this.path, this.waiting[0])).json();
        this.waiting.shift();
        this.saved(state);
      }
    } catch (error) {
      this.failed(error);
    } finally {
      this.isSending = false;
    }
  }

  /** Resolves when nothing is on its way any more. */
  async settled() {
    while (this.isSending) await new Promise((done) => setTimeout(done, 20));
  }
}
