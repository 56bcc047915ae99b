// The time of this process: it can be moved forward, for what expires. Timers run as ever.

const RealDate = Date;
let ahead = 0; // ms

const MovedDate = new Proxy(RealDate, {
  construct: (real, words, made) => Reflect.construct(real, words.length > 0 ? words : [now()], made),
  apply: () => new RealDate(now()).toString(),
  get: (real, name, moved) => (name === "now" ? now : Reflect.get(real, name, moved))
});

function now() {
  return RealDate.now() + ahead;
}

/** Lets `Date` be so many milliseconds ahead of the real time, for everything in this process. */
export function moveClock(milliseconds) {
  ahead = milliseconds;
  globalThis.Date = ahead === 0 ? RealDate : MovedDate;
}
