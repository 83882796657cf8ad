// Sound that is heard while it comes, block after block: mono samples from -1 to 1.

const LEAD = 0.15; // seconds between the first block and its sound, for the network's jitter
const LEAST = 0.08; // seconds of sound in a block that is handed to the loudspeaker

export class Sound {
  #context; #waiting = []; #waited = 0; #next = 0; #since = 0;

  constructor(rate) {
    this.rate = rate;
    this.blocks = []; // all that came
    this.samples = 0;
    this.#context = new AudioContext({ sampleRate: rate });
    // A browser may keep a page silent until its user has done something with it.
    this.#context.resume().catch(() => {});
  }

  get seconds() { return this.samples / this.rate; }

  get paused() { return this.#context.state === "suspended" && this.#since > 0; }

  // How much was heard, in seconds; never more than there is.
  get position() {
    if (!this.#since) return 0;
    return Math.max(0, Math.min(this.seconds, this.#context.currentTime - this.#since));
  }

  push(block) {
    this.blocks.push(block);
    this.samples += block.length;
    this.#waiting.push(block);
    this.#waited += block.length;
    if (this.#waited >= LEAST * this.rate) this.#play();
  }

  // Nothing more comes; resolves when the last of it was heard.
  async end() {
    this.#play();
    while (this.#context.state !== "closed" && this.position < this.seconds) {
      await new Promise((done) => setTimeout(done, 50));
    }
  }

  async hold() { await this.#context.suspend(); }

  async goOn() { await this.#context.resume(); }

  close() {
    if (this.#context.state !== "closed") this.#context.close();
  }

  #play() {
    if (!this.#waited || this.#context.state === "closed") return;
    const buffer = this.#context.createBuffer(1, this.#waited, this.rate);
    const samples = buffer.getChannelData(0);
    let at = 0;
    for (const block of this.#waiting) {
      samples.set(block, at);
      at += block.length;
    }
    this.#waiting = [];
    this.#waited = 0;
    const now = this.#context.currentTime;
    // Whole samples, so that two blocks meet without a click; late ones begin a gap.
    if (!this.#since || this.#next < now) {
      const begin = now + LEAD;
      this.#since = this.#since ? this.#since + (begin - this.#next) : begin;
      this.#next = begin;
    }
    const source = this.#context.createBufferSource();
    source.buffer = buffer;
    source.connect(this.#context.destination);
    source.start(this.#next);
    this.#next += buffer.length / this.rate;
  }

  // All of it as a WAV file of 16 bits (of little-endian machines, which all are that have a browser).
  file() {
    const head = new DataView(new ArrayBuffer(44));
    const size = 2 * this.samples;
    const word = (at, text) => [...text].forEach((c, i) => head.setUint8(at + i, c.charCodeAt(0)));
    word(0, "RIFF"); head.setUint32(4, 36 + size, true); word(8, "WAVEfmt ");
    head.setUint32(16, 16, true); head.setUint16(20, 1, true); head.setUint16(22, 1, true);
    head.setUint32(24, this.rate, true); head.setUint32(28, 2 * this.rate, true);
    head.setUint16(32, 2, true); head.setUint16(34, 16, true);
    word(36, "data"); head.setUint32(40, size, true);
    const pcm = this.blocks.map((block) => Int16Array.from(block, (sample) =>
      Math.max(-32768, Math.min(32767, Math.round(sample * 32768)))));
    return new Blob([head, ...pcm], { type: "audio/wav" });
  }
}
