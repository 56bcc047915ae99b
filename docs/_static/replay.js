// Replays a recorded journey on the stage, without a kernel: the stage's own code draws what Python has recorded.
import stage from "./stage.js";

const PACE = 1600; // milliseconds between two moments while it plays

/** What the stage knows as its widget model; here its states come from a recording. */
class Recorded {
  constructor({ marks, moments }) {
    this.moments = moments;
    this.values = { marks, beside: "", state: moments[0].state };
    this.listeners = new Map();
    this.at = 0;
  }

  get(name) {
    return this.values[name];
  }

  on(event, listener) {
    this.listeners.set(event, [...(this.listeners.get(event) ?? []), listener]);
  }

  off(event, listener) {
    this.listeners.set(
      event,
      (this.listeners.get(event) ?? []).filter((each) => each !== listener)
    );
  }

  tell(event, ...what) {
    for (const listener of this.listeners.get(event) ?? []) listener(...what);
  }

  /** The stage asks for the detail of one thing: it is what was known at this moment. */
  send({ kind, thing, view }) {
    if (kind !== "detail") return;
    const detail = this.moments[this.at].details[thing];
    const answer = detail ? { detail } : { problem: "At this moment nothing is known of it." };
    queueMicrotask(() => this.tell("msg:custom", { kind: "detail", thing, view, ...answer }));
  }

  go(to) {
    this.at = Math.min(Math.max(to, 0), this.moments.length - 1);
    this.values.state = this.moments[this.at].state;
    this.tell("change:state");
  }
}

function controls(root, model) {
  const [back, play, on] = root.querySelectorAll("button");
  const place = root.querySelector("input");
  const words = root.querySelector("output");
  let timer = 0;

  const show = () => {
    const { words: said } = model.moments[model.at];
    words.textContent = said;
    place.value = String(model.at);
    place.setAttribute("aria-valuetext", said);
    back.disabled = model.at === 0;
    on.disabled = model.at === model.moments.length - 1;
    play.textContent = timer ? "Pause" : on.disabled ? "Play it again" : "Play";
  };
  const go = (to) => {
    model.go(to);
    show();
  };
  const pause = () => {
    clearInterval(timer);
    timer = 0;
  };
  const byHand = (to) => () => {
    pause();
    go(to());
  };

  place.max = String(model.moments.length - 1);
  back.addEventListener(
    "click",
    byHand(() => model.at - 1)
  );
  on.addEventListener(
    "click",
    byHand(() => model.at + 1)
  );
  place.addEventListener(
    "input",
    byHand(() => Number(place.value))
  );
  play.addEventListener("click", () => {
    if (timer) {
      pause();
    } else {
      if (on.disabled) go(0);
      timer = setInterval(() => {
        if (model.at + 2 >= model.moments.length) pause();
        go(model.at + 1);
      }, PACE);
    }
    show();
  });
  show();
}

for (const root of document.querySelectorAll(".replay")) {
  const model = new Recorded(JSON.parse(root.querySelector("script").textContent));
  root.hidden = false;
  controls(root, model);
  stage().render({ model, el: root.querySelector(".replayed") });
}
