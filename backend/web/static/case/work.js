// The work on one case between this page and the server. A step counts as saved when the server has acknowledged it, and
// not before; what is not saved stays in order and on the page.

const AGAIN_AFTER = 2000;

export class Work {
  constructor(source, addresses, token, changed) {
    Object.assign(this, { source, addresses, token, changed });
    this.waiting = [];
    this.trouble = null;
    this.busy = false;
    this.again = null;
    addEventListener("beforeunload", (event) => { if (this.unsaved.length) event.preventDefault(); });
  }

  // Every step that the server has not acknowledged.
  get unsaved() {
    return this.waiting;
  }

  disputes() {
    return this.source.projections.flatMap((one) => one.disputes.map((dispute) => ({ ...dispute, projection: one.projection })));
  }

  // What the physician decided of a dispute, saved or not; null while undecided.
  decision(dispute) {
    for (const { step } of [...this.waiting].reverse()) {
      if (step.dispute !== dispute.key) continue;
      return step.action === "clear" ? null : { choice: step.choice, reason: step.reason ?? null, regions: step.regions ?? null };
    }
    return dispute.decision;
  }

  isSaved(dispute) {
    return !this.waiting.some(({ step }) => step.dispute === dispute.key);
  }

  problemOf(dispute) {
    return this.waiting.find(({ step, problem }) => step.dispute === dispute.key && problem)?.problem ?? null;
  }

  send(step) {
    const superseded = ({ step: other, problem }) => problem && other.dispute && other.dispute === step.dispute;
    this.waiting = this.waiting.filter((one) => !superseded(one));
    const entry = { step, problem: null };
    this.waiting.push(entry);
    this.changed();
    this.pump();
    return new Promise((done) => { entry.done = done; });
  }

  // Sends what waits again, after something stood in the way.
  retry() {
    this.trouble = null;
    for (const entry of this.waiting) entry.problem = null;
    this.changed();
    this.pump();
  }

  discard() {
    for (const entry of this.waiting) entry.done(false);
    this.waiting = [];
    this.trouble = null;
    this.changed();
  }

  // Opens the case anew after a reading was revised; what is not saved goes with it where its disagreement still exists.
  async reopen() {
    const { status } = await this.ask(location.href);
    if (status !== 200 || !(await this.reload())) {
      location.reload();
      return;
    }
    const known = new Set(this.disputes().map((dispute) => dispute.key));
    this.waiting = this.waiting.filter(({ step }) => !step.dispute || known.has(step.dispute));
    this.retry();
  }

  async pump() {
    clearTimeout(this.again);
    if (this.busy || (this.trouble && this.trouble.kind !== "away")) return;
    const entry = this.waiting.find((one) => !one.problem);
    if (!entry) return;
    this.busy = true;
    try {
      await this.attempt(entry);
    } finally {
      this.busy = false;
    }
    this.changed();
    if (this.trouble?.kind === "away") this.again = setTimeout(() => this.pump(), AGAIN_AFTER);
    else this.pump();
  }

  async attempt(entry) {
    const { status, body } = await this.post(this.addresses.steps, { revision: this.source.revision, ...entry.step });
    if (status === 200) {
      this.trouble = null;
      await this.apply(entry.step, body);
      this.waiting = this.waiting.filter((one) => one !== entry);
      entry.done(true);
    } else {
      await this.refused(entry, status, body);
    }
  }

  async refused(entry, status, body) {
    const kind = body.kind ?? (status === 0 || status >= 500 ? "away" : "refused");
    if (kind === "form" && !entry.renewed && (entry.renewed = await this.reload())) return;
    if (kind === "input") {
      entry.problem = body.error;
      if (!entry.step.dispute) this.trouble = { kind, sentence: body.error };
      return;
    }
    if (kind === "stale") {
      if (!(await this.reload())) this.trouble = { kind: "away", sentence: "" };
      else if (this.settleWaiting()) this.trouble = { kind, sentence: body.error };
      return;
    }
    this.trouble = { kind, sentence: body.error ?? "" };
  }

  // After a reload: what the server already holds was saved, its answer was lost. Returns whether anything is left.
  settleWaiting() {
    const byKey = new Map(this.disputes().map((dispute) => [dispute.key, dispute]));
    const known = ({ step }) => {
      const { decision } = byKey.get(step.dispute) ?? {};
      const alike = (a, b) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
      if (step.action === "decide" && decision) {
        return decision.choice === step.choice && alike(decision.reason, step.reason) && alike(decision.regions, step.regions);
      }
      return step.action === "comment" ? this.source.comment === step.text : false;
    };
    for (const entry of this.waiting.filter(known)) entry.done(true);
    this.waiting = this.waiting.filter((entry) => !known(entry));
    return this.waiting.length > 0;
  }

  async apply(step, answer) {
    const { revision, undecided, burden, comment, can_undo } = answer;
    Object.assign(this.source, { revision, undecided, burden, comment, can_undo });
    if (!["decide", "clear", "comment"].includes(step.action)) {
      await this.reload();
      return;
    }
    for (const one of this.source.projections) {
      one.disputes = one.disputes.map((dispute) => (answer.dispute?.key === dispute.key ? { ...dispute, ...answer.dispute } : dispute));
    }
  }

  async reload() {
    const { status, body, token } = await this.ask(this.addresses.document);
    if (status !== 200) return false;
    this.source = body;
    if (token) this.token = token;
    return true;
  }

  post(address, body) {
    return this.ask(address, { method: "POST", headers: { "X-Form-Token": this.token, "Content-Type": "application/json" }, body: JSON.stringify(body) });
  }

  // { status, body, token }; status 0 where no answer came.
  async ask(address, options = {}) {
    try {
      const answer = await fetch(address, { credentials: "same-origin", cache: "no-store", ...options, headers: { Accept: "application/json", ...options.headers } });
      const body = await answer.json().catch(() => ({}));
      return { status: answer.status, body, token: answer.headers.get("X-Form-Token") };
    } catch {
      return { status: 0, body: {}, token: null };
    }
  }
}
