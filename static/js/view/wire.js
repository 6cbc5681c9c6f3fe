// The animated line between page and server, with the message on it.

const THERE = 450;
const calm = matchMedia("(prefers-reduced-motion: reduce)");

const [ABOVE, BELOW] = ["42%", "58%"];

export class Wire {
  /** @param {HTMLElement} track */
  constructor(track) {
    this.track = track;
    this.dot = /** @type {HTMLElement} */ (track.querySelector("i"));
    this.left = 0;
  }

  /** No message is on its way. */
  rest() {
    this.show("rest");
  }

  /** The message has been sent; the dot waits at the server until the answer arrives. */
  send() {
    this.left = performance.now();
    this.show("sent");
    this.move([
      { left: "0", top: ABOVE },
      { left: "100%", top: ABOVE },
    ]);
  }

  /** The answer is here. It is faster than the eye can follow, so it is drawn slower. */
  receive() {
    const arrived = performance.now() - this.left >= THERE;
    this.show("answered");
    const there = { left: "0", top: ABOVE, easing: "ease-in" };
    const turn = { left: "100%", top: ABOVE };
    const back = { left: "100%", top: BELOW, easing: "ease-out" };
    const here = { left: "0", top: BELOW };
    if (arrived) this.move([turn, { ...back, offset: 0.15 }, here]);
    else this.move([there, { ...turn, offset: 0.48 }, { ...back, offset: 0.52 }, here], 2);
  }

  /** No answer arrives. */
  fail() {
    this.show("failed");
  }

  /** @param {string} state */
  show(state) {
    for (const motion of this.dot.getAnimations()) motion.cancel();
    this.track.dataset.word = state;
  }

  /** @param {Keyframe[]} frames @param {number} [legs] */
  move(frames, legs = 1) {
    if (!calm.matches) this.dot.animate(frames, { duration: THERE * legs, easing: "linear" });
  }
}
