// The stage: draws the state that Python makes (`Scene.to_json()` with `addresses`), and asks for the detail of one thing.
//
// Nothing here knows what a Request is allowed to do. Texts may come from a peer: they only ever become text nodes.

const MOST_REQUESTS = 8; // of a lane
const MOST_ENVELOPES = 6;
const MOST_FLIGHTS = 3; // at the same time; what is more just appears
const PATIENCE = 10_000; // milliseconds until a panel beside the notebook has opened
const NARROW = 900; // a window that has no place for a panel beside the notebook
const FLIGHT = 700; // milliseconds
const DEAD = "The kernel was restarted or has ended. Run the cell again, and the stage shows what the Connectors know.";

/** Make an element; children are elements or texts. */
function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false && value !== undefined) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== "" && child !== null && child !== undefined));
  return made;
}

/** Make the children of an element those of a list: what is there already stays, and keeps its focus. */
function keep(parent, wanted, keyOf, create, update) {
  const known = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  wanted.forEach((item, index) => {
    const key = keyOf(item);
    const child = known.get(key) ?? create(item);
    known.delete(key);
    child.dataset.key = key;
    update(child, item);
    if (parent.children[index] !== child) parent.insertBefore(child, parent.children[index] ?? null);
  });
  for (const child of known.values()) child.remove();
}

const say = (element, text) => {
  if (element.textContent !== text) element.textContent = text;
};
const capital = (name) => name.charAt(0).toUpperCase() + name.slice(1);
const accent = (name) => (["sender", "backbone"].includes(name.toLowerCase()) ? name.toLowerCase() : "recipient");
const breakable = (word) => word.replace(/(?<=[a-z])(?=[A-Z])/g, "\u200b"); // ManualDecisionRequired, on two lines
const endOf = (address) => (address ? `${address.split(":").slice(0, 2).join(":")}:…${address.slice(-4)}` : "");
const timeOf = (iso) => iso.slice(11, 19);
const isCalm = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;
const called = (name) => (name ? `the ${capital(name)}` : "a peer");

/** What is drawn in one place. */
class Drawing {
  constructor(model, el) {
    this.model = model;
    this.number = Math.random().toString(36).slice(2);
    this.opened = null; // the thing whose detail is shown
    this.current = ""; // the thing that Tab leads to
    this.flights = 0;
    this.isAsking = false; // there is one question for a detail at a time
    this.seen = null; // the envelopes that were drawn or have arrived; null before the first state
    this.since = new Map(); // when a running call was drawn first, by its number
    this.frame = 0;
    this.build(el);
    this.onState = () => {
      this.frame ||= requestAnimationFrame(() => {
        this.frame = 0;
        this.draw();
      });
    };
    this.onMessage = (message) => {
      if (message.kind === "detail" && message.view === this.number) this.showDetail(message);
    };
    model.on("change:state", this.onState);
    model.on("msg:custom", this.onMessage);
    this.draw();
  }

  die(isDead) {
    this.isDead = isDead;
    this.notify(this.model.get("state").problem);
  }

  end() {
    this.model.off("change:state", this.onState);
    this.model.off("msg:custom", this.onMessage);
    cancelAnimationFrame(this.frame);
    clearInterval(this.clock);
    this.root.remove();
  }

  build(el) {
    this.about = make("b", { class: "about" });
    this.turn = make("span", { class: "turn", role: "status", "aria-live": "polite" });
    this.lanes = make("div", { class: "lanes" });
    this.detail = make("section", { class: "detail", tabindex: "-1", hidden: true });
    this.calls = make("ol", { class: "calls", "data-group": "calls", "aria-label": "Calls, the newest first" });
    this.count = make("span", { class: "count soft" });
    this.log = make("section", { class: "log" }, make("h3", {}, "Calls ", this.count), this.calls);
    this.sky = make("div", { class: "sky", "aria-hidden": "true" });
    this.notice = make("p", { class: "notice", role: "alert", hidden: true });
    this.root = make(
      "div",
      { class: "enb-stage", role: "group", "aria-label": "The stage. Arrow keys move, Enter shows the detail." },
      make("div", { class: "bar" }, this.about, this.turn),
      this.notice,
      this.lanes,
      this.detail,
      this.log,
      this.sky
    );
    this.root.addEventListener("click", (event) => {
      const thing = event.target.closest("[data-thing]");
      if (thing) this.open(thing.dataset.thing, thing);
    });
    this.root.addEventListener("keydown", (event) => this.pressed(event));
    this.root.addEventListener("focusin", (event) => {
      const thing = event.target.closest("[data-thing]");
      if (thing) this.rove(thing);
    });
    el.append(this.root);
  }

  // The picture

  draw() {
    const state = this.model.get("state");
    this.notify(state.problem);
    if (!state.sides || !this.root.isConnected) return;
    const before = this.places();
    const hadFocus = this.root.contains(document.activeElement) && document.activeElement.dataset.thing;
    const [first, ...others] = state.sides;
    keep(
      this.lanes,
      [first, "", ...others],
      (name) => name,
      (name) => this.makeLane(name),
      (lane, name) => (name ? this.drawSide(lane, name, state) : this.drawBackbone(lane, state))
    );
    this.lanes.style.setProperty("--lanes", state.sides.length);
    this.drawBar(state);
    this.drawCalls(state);
    this.fly(state, before);
    if (hadFocus && !this.root.contains(document.activeElement)) this.find(this.current)?.focus();
    this.rove(this.find(this.current) ?? this.root.querySelector("[data-thing]"));
    this.refreshDetail(state);
  }

  notify(problem) {
    say(this.notice, this.isDead ? DEAD : (problem ?? ""));
    this.notice.hidden = !this.notice.textContent;
  }

  drawBar(state) {
    const newest = state.requests.at(-1);
    say(this.about, newest ? newest.title : "Nothing is under way");
    const result = newest && !newest.turn ? (newest.result ?? "Expired") : "";
    say(this.turn, state.turn ? `▸ ${state.turn}` : result ? `It is over: ${result.toLowerCase()}` : "");
    this.turn.dataset.accent = newest?.turn ? accent(newest.turn.side) : "";
  }

  makeLane(name) {
    const side = name || "backbone";
    const who = make(
      "button",
      { type: "button", class: "who", "data-thing": name ? `side:${name}` : "backbone" },
      make("i"),
      make("span", { class: "name" }, capital(side)),
      make("span", { class: "sub soft" }, name ? "" : "sees cipher text only")
    );
    return make(
      "section",
      {
        class: name ? "lane" : "lane middle",
        "data-accent": accent(side),
        "data-group": side,
        "aria-label": capital(side)
      },
      make("h3", {}, who),
      make("p", { class: "doing" }),
      make("ul", { class: "things" }),
      make("p", { class: "more soft" })
    );
  }

  drawSide(lane, name, state) {
    say(lane.querySelector(".sub"), endOf(state.addresses[name]));
    const running = state.calls.find((each) => each.is_running && each.side === name);
    const doing = running && (running.waits_for ? `waits for ${running.waits_for}` : running.call);
    say(lane.querySelector(".doing"), doing ?? "");
    lane.classList.toggle("is-next", state.requests.at(-1)?.turn?.side === name);
    const known = state.requests.filter((each) => name in each.statuses).reverse();
    this.drawThings(lane, known, MOST_REQUESTS, (each) => `request:${each.request_id}`, this.drawRequest(name));
  }

  drawBackbone(lane, state) {
    const waiting = state.envelopes.toReversed();
    say(lane.querySelector(".doing"), waiting.length ? "" : "nothing waits here");
    this.drawThings(lane, waiting, MOST_ENVELOPES, keyOfEnvelope, (button, each) => this.drawEnvelope(button, each));
  }

  drawThings(lane, things, most, keyOf, draw) {
    const left = things.length - most;
    say(lane.querySelector(".more"), left > 0 ? `and ${left} earlier ${left > 1 ? "ones" : "one"}` : "");
    keep(
      lane.querySelector(".things"),
      things.slice(0, most),
      keyOf,
      () => make("li", {}, make("button", { type: "button" })),
      (item, each) => draw(item.firstChild, each)
    );
  }

  drawRequest(side) {
    return (button, request) => {
      if (!button.firstChild) {
        button.className = "request";
        button.append(
          make("span", { class: "title" }),
          make("span", { class: "chip" }),
          make("span", { class: "next" })
        );
      }
      const [title, chip, next] = button.children;
      const status = request.statuses[side];
      const result = request.result && status === "Completed" ? ` · ${request.result}` : "";
      const [icon, kind] = this.model.get("marks")[result ? request.result : status] ?? ["•", "busy"];
      const words = `${icon} ${breakable(status)}${result}`;
      if (chip.textContent && chip.textContent !== words) this.pulse(chip);
      say(title, request.title);
      say(chip, words);
      chip.dataset.kind = kind;
      const does = request.turn?.side === side ? `${request.turn.does} next` : "";
      say(next, does);
      button.dataset.thing = `request:${request.request_id}`;
      button.setAttribute(
        "aria-label",
        `Request ${request.title}: ${status}${result} at the ${capital(side)}. ${does}`
      );
    };
  }

  drawEnvelope(button, envelope) {
    if (!button.firstChild) {
      button.className = "envelope";
      button.append(paper(), make("span", { class: "soft" }, "sealed for"), make("b"));
    }
    say(button.lastChild, called(envelope.recipient));
    button.dataset.thing = `message:${envelope.message_id}`;
    button.dataset.envelope = keyOfEnvelope(envelope);
    const words = `A sealed Message from ${called(envelope.sender)} to ${called(envelope.recipient)}`;
    button.setAttribute("aria-label", `${words}, with ${envelope.content}. It waits at the Backbone.`);
    button.title = `${words}, with ${envelope.content}`;
  }

  drawCalls(state) {
    const running = new Set();
    say(this.count, state.calls.length ? `· ${state.calls.length}` : "");
    this.log.hidden = !state.calls.length;
    keep(
      this.calls,
      state.calls,
      (call) => String(call.number),
      () => make("li", {}, make("button", { type: "button", class: "call" })),
      (item, call) => {
        const button = item.firstChild;
        if (!button.firstChild) {
          const names = ["time soft", "side", "what", "outcome"];
          button.append(...names.map((name) => make("span", { class: name })));
        }
        const waits = call.waits_for && call.is_running ? `waits for ${call.waits_for}` : "";
        const [time, side, what, outcome] = button.children;
        say(time, timeOf(call.since));
        say(side, capital(call.side));
        side.dataset.accent = accent(call.side);
        say(what, call.call);
        what.dataset.waits = waits;
        const times = call.times > 1 ? ` × ${call.times}` : "";
        const ended = call.outcome ? `${call.outcome}${times} · ${call.milliseconds} ms` : "✘ no answer";
        if (call.is_running) running.add(String(call.number));
        if (call.is_running && !this.since.has(String(call.number))) this.since.set(String(call.number), Date.now());
        outcome.dataset.age = call.is_running ? call.number : "";
        say(outcome, call.is_running ? this.age(call.number) : ended);
        item.dataset.kind = call.is_running ? "busy" : call.went_well ? "good" : "bad";
        button.dataset.thing = `call:${call.number}`;
        button.title = call.call;
        const now = call.is_running ? `runs. ${waits}` : ended;
        button.setAttribute("aria-label", `${timeOf(call.since)}, ${capital(call.side)}: ${call.call}, ${now}`);
      }
    );
    for (const number of this.since.keys()) if (!running.has(number)) this.since.delete(number);
    clearInterval(running.size ? 0 : this.clock);
    this.clock = running.size ? (this.clock ?? setInterval(() => this.tick(), 500)) : null;
  }

  age(number) {
    const seconds = Math.floor((Date.now() - this.since.get(String(number))) / 1000);
    return seconds ? `runs · ${seconds} s` : "runs";
  }

  tick() {
    for (const each of this.calls.querySelectorAll('[data-age]:not([data-age=""])')) {
      say(each, this.age(each.dataset.age));
    }
  }

  // What moves

  pulse(element) {
    if (!isCalm()) {
      element.animate([{ scale: 1 }, { scale: 1.12 }, { scale: 1 }], { duration: 350, easing: "ease-out" });
    }
  }

  places() {
    const found = [...this.lanes.querySelectorAll("[data-envelope]")];
    return new Map(found.map((each) => [each.dataset.envelope, each.firstChild.getBoundingClientRect()]));
  }

  fly(state, before) {
    const arrived = state.arrived.map((each) => [keyOfEnvelope(each), each]);
    const waiting = state.envelopes.map((each) => [keyOfEnvelope(each), each]);
    const seen = this.seen;
    this.seen = new Map([...arrived, ...waiting].map(([key]) => [key, arrived.some(([other]) => other === key)]));
    if (!seen || isCalm() || !this.root.checkVisibility?.()) return;
    for (const [key, each] of arrived) {
      if (seen.get(key)) continue;
      const start = before.get(key);
      this.take([
        start ?? this.placeAt(each.sender, each),
        start ? null : this.slot(),
        this.placeAt(each.recipient, each)
      ]);
    }
    for (const [key, each] of waiting) {
      if (seen.has(key)) continue;
      const target = this.lanes.querySelector(`[data-envelope="${CSS.escape(key)}"]`)?.firstChild;
      if (target) this.take([this.placeAt(each.sender, each), target.getBoundingClientRect()], target);
    }
  }

  placeAt(side, envelope) {
    const lane = this.lanes.querySelector(`.lane[data-group="${CSS.escape(side)}"]`);
    const request = lane?.querySelector(`[data-thing="request:${CSS.escape(envelope.request_id ?? "")}"]`);
    return (request ?? lane?.querySelector(".who") ?? this.lanes).getBoundingClientRect();
  }

  slot() {
    return this.lanes.querySelector(".middle .things").getBoundingClientRect();
  }

  take(stops, target) {
    if (this.flights >= MOST_FLIGHTS) return;
    const sky = this.sky.getBoundingClientRect();
    const steps = stops.filter(Boolean).map((stop) => {
      const x = stop.left + stop.width / 2 - sky.left - 28;
      const y = stop.top + Math.min(stop.height / 2, 40) - sky.top - 18;
      return { transform: `translate(${x}px, ${y}px)` };
    });
    const flyer = paper();
    this.flights += 1;
    this.sky.append(flyer);
    if (target) target.style.visibility = "hidden";
    const flight = flyer.animate(steps, { duration: FLIGHT * (steps.length - 1), easing: "ease-in-out" });
    flight.finished
      .catch(() => {})
      .then(() => {
        this.flights -= 1;
        flyer.remove();
        if (target) target.style.visibility = "";
      });
  }

  // The detail of one thing

  open(thing, opener) {
    this.opened = { thing, label: opener.getAttribute("aria-label") ?? opener.textContent };
    this.detail.hidden = false;
    this.detail.replaceChildren(
      this.head(this.opened.label),
      make("p", { class: "soft" }, "Asking … (if a cell runs, this comes when it has ended)")
    );
    this.detail.setAttribute("aria-label", `Detail: ${this.opened.label}`);
    this.detail.focus({ preventScroll: true });
    this.detail.scrollIntoView({ block: "nearest", behavior: isCalm() ? "auto" : "smooth" });
    this.mark();
    this.ask();
  }

  ask() {
    if (this.isAsking) return; // what is answered is then compared
    this.isAsking = true;
    this.asked = this.stateOf(this.opened.thing, this.model.get("state"));
    this.model.send({ kind: "detail", thing: this.opened.thing, view: this.number });
  }

  stateOf(thing, state) {
    const [kind, id] = thing.split(/:(.*)/s);
    const of = {
      request: [state.requests, "request_id"],
      message: [[...state.envelopes, ...state.arrived], "message_id"],
      call: [state.calls, "number"]
    };
    const [all, name] = of[kind] ?? [[], ""];
    return JSON.stringify(all.filter((each) => String(each[name]) === id));
  }

  refreshDetail(state) {
    if (!this.opened) return;
    this.mark();
    if (this.asked !== this.stateOf(this.opened.thing, state)) this.ask();
  }

  mark() {
    for (const each of this.root.querySelectorAll("[data-thing]")) {
      each.toggleAttribute("data-open", each.dataset.thing === this.opened?.thing);
    }
  }

  head(title) {
    const close = make("button", { type: "button", class: "close", "aria-label": "Close the detail" }, "✕ Close");
    close.addEventListener("click", () => this.closeDetail());
    return make("div", { class: "head" }, make("h3", {}, title), close);
  }

  showDetail({ thing, detail, problem }) {
    this.isAsking = false;
    if (!this.opened) return;
    if (this.opened.thing !== thing || this.asked !== this.stateOf(thing, this.model.get("state"))) this.ask();
    if (this.opened.thing !== thing) return;
    const hadFocus = this.detail.contains(document.activeElement);
    if (problem) {
      this.detail.replaceChildren(this.head(this.opened.label), make("p", { role: "alert" }, problem));
    } else {
      const facts = detail.facts.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]);
      this.detail.replaceChildren(this.head(detail.title), make("dl", {}, ...facts), ...detail.pairs.map(pairOf));
    }
    if (hadFocus) this.detail.focus({ preventScroll: true });
  }

  closeDetail() {
    const opener = this.find(this.opened?.thing);
    this.opened = null;
    this.detail.hidden = true;
    this.detail.replaceChildren();
    this.mark();
    (opener ?? this.find(this.current))?.focus();
  }

  // The keyboard: one stop for Tab, arrows inside

  find(thing) {
    return thing ? this.root.querySelector(`[data-thing="${CSS.escape(thing)}"]`) : null;
  }

  rove(thing) {
    if (!thing) return;
    this.current = thing.dataset.thing;
    for (const each of this.root.querySelectorAll("[data-thing]")) each.tabIndex = each === thing ? 0 : -1;
  }

  pressed(event) {
    if (event.key === "Escape" && this.opened) {
      event.preventDefault();
      event.stopPropagation();
      this.closeDetail();
      return;
    }
    const thing = event.target.closest("[data-thing]");
    const steps = { ArrowDown: 1, ArrowUp: -1, ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity };
    if (!thing || !(event.key in steps) || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    const within = (group) => [...group.querySelectorAll("[data-thing]")];
    const groups = [...this.root.querySelectorAll("[data-group]")].filter((group) => within(group).length);
    const all = groups.flatMap(within);
    const group = groups.indexOf(thing.closest("[data-group]"));
    const step = steps[event.key];
    let next = all[Math.min(Math.max(all.indexOf(thing) + step, 0), all.length - 1)];
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      const beside = within(groups[Math.min(Math.max(group + step, 0), groups.length - 1)]);
      next = beside[Math.min(within(groups[group]).indexOf(thing), beside.length - 1)];
    }
    next.focus();
  }
}

const keyOfEnvelope = (envelope) => `${envelope.message_id} ${envelope.recipient}`;
const paper = () => make("span", { class: "paper", "aria-hidden": "true" }, make("u", {}, "✓"));

function pairOf(pair) {
  const pieces = pair.pieces.map((piece) =>
    make(
      "div",
      { class: "piece" },
      make("p", {}, make("b", {}, piece.title), make("span", { class: "soft" }, piece.note ? ` · ${piece.note}` : "")),
      piece.lines.length
        ? make("pre", { tabindex: "0", "aria-label": piece.title }, ...piece.lines.flatMap(lineOf))
        : ""
    )
  );
  const head = make("h4", {}, pair.title, make("span", { class: "soft" }, pair.note ? ` · ${pair.note}` : ""));
  return make("div", { class: "pair" }, head, make("div", { class: "pieces" }, ...pieces));
}

const half = (spaces) => " ".repeat(spaces.length / 2); // narrow columns need the place
const lineOf = ([mark, words]) => {
  const line = words.replace(/^ +/, half);
  return [mark ? make("ins", {}, `${mark} ${line}`) : `  ${line}`, "\n"];
};

/** Where the stage stands beside the notebook, a line says so below the cell. */
class Line {
  constructor(el, { show, beside }) {
    this.words = make("span", {});
    this.show = make("button", { type: "button" }, "Show it here");
    this.beside = make("button", { type: "button" }, "Open it beside the notebook");
    this.show.addEventListener("click", show);
    this.beside.addEventListener("click", beside);
    this.root = make("p", { class: "enb-stage-line" }, this.words, this.beside, this.show);
    el.append(this.root);
  }

  tell(isBeside, isDead) {
    say(this.words, isDead ? DEAD : isBeside ? "The stage stands beside the notebook." : "The stage is closed.");
    this.show.hidden = this.beside.hidden = isBeside || isDead;
  }

  end() {
    this.root.remove();
  }
}

export default () => {
  const places = new Set(); // where the stage stands: drawn, or as a line
  let wasBeside = false;
  let isDead = false;
  let isShown = true;

  /** Tell the lines where the stage is, and the kernel whether anybody sees it. */
  function tell(model) {
    const drawings = [...places].filter(({ shown, el }) => shown instanceof Drawing && el.isConnected);
    const isBeside = drawings.some((place) => place.isBeside);
    wasBeside ||= isBeside;
    for (const { shown } of places) {
      if (shown instanceof Line) shown.tell(isBeside || !wasBeside, isDead);
      else if (shown) shown.die(isDead);
    }
    const mayBeSeen = drawings.length > 0 || !wasBeside;
    if (isDead || mayBeSeen === isShown) return;
    isShown = mayBeSeen;
    model.send({ kind: isShown ? "shown" : "hidden" });
  }

  /** The kernel has ended: nothing moves any more. What stands beside the notebook goes, the cell says why. */
  async function die(model) {
    isDead = true;
    tell(model);
    await closePanel(model);
  }

  /** The panel may be drawn before the kernel has said which one it is. */
  function whenBeside(model, act) {
    if (model.get("beside")) act();
    else model.on("change:beside", act);
  }

  async function closePanel(model) {
    if (!model.get("beside")) return;
    const panel = await model.widget_manager.get_model(model.get("beside"));
    panel.close(true);
  }

  return {
    render({ model, el }) {
      const place = { el, shown: null, isBeside: false };
      let wasThere = false;
      const draw = () => {
        place.shown?.end();
        place.shown = new Drawing(model, el);
        tell(model);
      };
      const begin = () => {
        place.isBeside = el.closest(".jupyterlab-sidecar") !== null;
        const isNarrow = window.innerWidth < NARROW;
        if (place.isBeside && isNarrow) {
          whenBeside(model, () => closePanel(model).catch(() => {}));
          return;
        }
        const isInCell = el.closest(".jp-LabShell") && el.closest(".jp-Cell");
        if (!model.get("beside") || !isInCell || isNarrow) {
          draw();
          return;
        }
        place.shown = new Line(el, { show: draw, beside: () => model.send({ kind: "beside" }) });
        tell(model);
        setTimeout(() => {
          wasBeside = true; // or no panel opens here
          tell(model);
        }, PATIENCE);
      };
      // A panel that is closed takes its element out of the page and says nothing; a cell that is scrolled away, too.
      const look = () => {
        if (el.isConnected === wasThere) return;
        wasThere = el.isConnected;
        if (wasThere && !place.shown) begin();
        else if (wasThere) place.shown.draw?.();
        tell(model);
      };
      const watching = new ResizeObserver(look);
      watching.observe(el);
      requestAnimationFrame(look);
      places.add(place);
      model.on("comm_live_update", function () {
        if (this?.model?.comm_live === false && !isDead) die(model).catch(() => {});
      });
      return () => {
        watching.disconnect();
        places.delete(place);
        place.shown?.end();
        setTimeout(() => tell(model)); // a view that moves is made anew first
      };
    }
  };
};
