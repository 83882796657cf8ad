// The waveform of what came so far, and how much of it was heard.

const PEAKS = 100; // a second

export class Wave {
  #canvas; #peaks = []; #peak = 0; #filled = 0; #step = 0; #seconds = 0;

  constructor(canvas) {
    this.#canvas = canvas;
    new ResizeObserver(() => this.draw(0)).observe(canvas);
  }

  begin(rate) {
    this.#peaks = []; this.#peak = this.#filled = this.#seconds = 0;
    this.#step = Math.round(rate / PEAKS);
  }

  push(block) {
    for (const sample of block) {
      this.#peak = Math.max(this.#peak, Math.abs(sample));
      if (++this.#filled === this.#step) {
        this.#peaks.push(this.#peak);
        this.#peak = this.#filled = 0;
      }
    }
    this.#seconds = this.#peaks.length / PEAKS;
    this.#canvas.setAttribute("aria-label", `Waveform of ${this.#seconds.toFixed(1)} seconds`);
  }

  draw(position) {
    const scale = window.devicePixelRatio || 1;
    const width = Math.max(1, Math.round(this.#canvas.clientWidth * scale));
    const height = Math.max(1, Math.round(this.#canvas.clientHeight * scale));
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      this.#canvas.width = width; this.#canvas.height = height;
    }
    const pen = this.#canvas.getContext("2d");
    pen.clearRect(0, 0, width, height);
    pen.fillStyle = getComputedStyle(this.#canvas).color;
    const bar = 3 * scale, pace = 5 * scale;
    const bars = Math.max(1, Math.floor(width / pace));
    // At least ten seconds wide, so that the picture does not shrink with each of the first blocks.
    const shown = Math.max(this.#seconds, 10);
    for (let i = 0; i < bars; i++) {
      const from = Math.floor((i / bars) * shown * PEAKS);
      const to = Math.max(from + 1, Math.floor(((i + 1) / bars) * shown * PEAKS));
      let peak = 0;
      for (let j = from; j < Math.min(to, this.#peaks.length); j++) peak = Math.max(peak, this.#peaks[j]);
      const high = Math.max(2 * scale, Math.min(1, peak * 1.1) * height * 0.94);
      pen.globalAlpha = from >= this.#peaks.length ? 0.12 : from / PEAKS < position ? 1 : 0.42;
      pen.beginPath();
      pen.roundRect(i * pace, (height - high) / 2, bar, high, bar / 2);
      pen.fill();
    }
  }
}
