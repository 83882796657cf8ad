import { frames } from "./frames.js";
import { Refused, ask, setKey } from "./server.js";
import { Sound } from "./sound.js";
import { Wave } from "./wave.js";

const at = (id) => document.getElementById(id);
const wave = new Wave(at("wave"));
const LOOK = 2000; // milliseconds between two looks at the queue
const REACH = 28; // characters that are shown before and after the spoken word

let sound = null; // what is heard, or was heard last
let cancel = null; // ends what goes on
let words = []; // when each was said: [start, end, from, until]
let text = []; // the characters that are spoken

function tell(sentence) {
  at("trouble").textContent = sentence;
  at("trouble").hidden = !sentence;
}

function trouble(failure) {
  if (failure.name === "AbortError") return;
  if (failure instanceof Refused && failure.status === 401) at("key-row").hidden = false;
  tell(failure instanceof Refused ? failure.message : `Something went wrong here: ${failure.message}`);
}

function busy(on) {
  at("speak").disabled = on;
  at("hold").disabled = !on || at("where").value === "there";
  at("stop").disabled = !on;
  at("hold").textContent = "Pause";
}

// ---- what can be chosen

async function models() {
  try {
    const found = (await (await ask("v1/audio/models")).json()).models;
    const now = at("model").value;
    at("model").replaceChildren(...found.map((one) => new Option(one.name || one.id, one.id)));
    if (found.some((one) => one.id === now)) at("model").value = now;
    at("state").textContent = "Ready";
    await voices();
  } catch (failure) {
    at("state").textContent = "Not ready";
    trouble(failure);
  }
}

async function voices() {
  const model = at("model").value;
  const found = (await (await ask(`v1/audio/voices?model=${encodeURIComponent(model)}`)).json()).voices;
  at("voices").replaceChildren(...found.map((one) => {
    const option = document.createElement("option");
    option.value = one.id;
    option.label = one.description || one.name || one.id;
    return option;
  }));
}

// ---- speaking

async function speak() {
  stop();
  tell("");
  text = Array.from(at("text").value);
  const here = at("where").value === "here";
  const mine = (cancel = new AbortController());
  const request = { text: text.join(""), settings: { "say.rate": String(at("rate").value) } };
  if (at("model").value) request.settings["say.model"] = at("model").value;
  if (at("voice").value.trim()) request.settings["say.voice"] = at("voice").value.trim();
  if (!here) request.play = true;
  words = [];
  at("save").hidden = true;
  at("said").textContent = "Waiting for the first sound …";
  busy(true);
  let done = false;
  try {
    for await (const frame of frames((await ask("v1/ttm/say", request, mine.signal)).body)) {
      if (mine.signal.aborted) return;
      if (frame.kind === "begin") at("said").textContent = `${frame.voice} speaks (${frame.model})`;
      if (frame.kind === "loading") {
        at("said").textContent = `Loading ${frame.model}: ${Math.round(100 * frame.part)} %`;
      }
      if (frame.kind === "note") tell(frame.sentence);
      if (frame.kind === "audio") heard(frame);
      if (frame.kind === "error") throw new Refused(500, [frame.what, frame.fix].filter(Boolean).join(". "));
      done ||= frame.kind === "report";
    }
    if (!done) throw new Refused(0, "The server broke off before the end.");
    if (here && sound) {
      offer();
      await sound.end();
    }
    if (cancel === mine) at("said").textContent = "Said";
  } catch (failure) {
    trouble(failure);
    if (cancel === mine) {
      at("said").textContent = failure.name === "AbortError" ? "Stopped" : "";
      sound?.close();
    }
  } finally {
    if (cancel === mine) {
      cancel = null;
      busy(false);
    }
    queue();
  }
}

function heard(frame) {
  if (frame.samples.length) {
    if (!sound) {
      sound = new Sound(frame.rate);
      wave.begin(frame.rate);
    }
    sound.push(frame.samples);
    wave.push(frame.samples);
  }
  for (const [kind, start, end, from, until] of frame.timings || []) {
    if (kind === "word") words.push([start, end, from, until]);
  }
}

function offer() {
  URL.revokeObjectURL(at("save").href);
  at("save").href = URL.createObjectURL(sound.file());
  at("save").hidden = false;
}

function stop() {
  cancel?.abort();
  cancel = null;
  sound?.close();
  sound = null;
  if (!at("stop").disabled) at("said").textContent = "Stopped";
  busy(false);
}

async function hold() {
  if (!sound) return;
  if (sound.paused) await sound.goOn();
  else await sound.hold();
  at("hold").textContent = sound.paused ? "Go on" : "Pause";
}

// ---- what is seen while it is heard

function follow() {
  if (sound) {
    const position = sound.position;
    wave.draw(position);
    at("clock").textContent = `${position.toFixed(1)} of ${sound.seconds.toFixed(1)} s`;
    show(words.findLast(([, , from]) => from <= position));
  }
  requestAnimationFrame(follow);
}

function show(word) {
  if (!word || !cancel) {
    at("word").replaceChildren();
    return;
  }
  const [start, end] = word;
  const part = (from, to) => text.slice(Math.max(0, from), to).join("").replace(/\s+/g, " ");
  const mark = document.createElement("b");
  mark.textContent = part(start, end);
  at("word").replaceChildren(part(start - REACH, start), mark, part(end, end + REACH));
}

// ---- the loudspeaker's queue

function row(one) {
  const line = document.createElement("li");
  line.dataset.state = one.state;
  const words = document.createElement("span");
  const who = [one.voice, one.model].filter(Boolean).join(", ");
  const size = one.characters === null ? "" : ` · ${one.characters} characters`;
  words.textContent = `${one.state} · ${who || "somebody"} · from ${one.channel || one.door}${size}`;
  const drop = document.createElement("button");
  drop.type = "button";
  drop.textContent = "Drop";
  drop.setAttribute("aria-label", `Drop number ${one.number}`);
  drop.addEventListener("click", () => command("stop", { number: one.number }));
  line.append(words, drop);
  return line;
}

let shown = "";

async function queue() {
  try {
    const found = (await (await ask("v1/ttm/queue")).json()).queue;
    const now = JSON.stringify(found);
    if (now !== shown) at("queue").replaceChildren(...found.map(row)); // a focused button stays
    shown = now;
    at("nobody").hidden = found.length > 0;
  } catch (failure) {
    at("nobody").hidden = false;
    if (!cancel && failure.status === 0) at("state").textContent = "The server is gone";
  }
}

async function command(name, about = {}) {
  try {
    await ask(`v1/ttm/${name}`, about);
    await queue();
  } catch (failure) {
    trouble(failure);
  }
}

// ---- hands

at("form").addEventListener("submit", (event) => {
  event.preventDefault();
  speak();
});
at("stop").addEventListener("click", stop);
at("hold").addEventListener("click", hold);
at("model").addEventListener("change", () => voices().catch(trouble));
at("rate").addEventListener("input", () => {
  at("rate-now").textContent = `${Number(at("rate").value)}×`;
});
at("text").addEventListener("input", count);
at("key").addEventListener("change", () => {
  setKey(at("key").value.trim());
  tell("");
  models();
  queue();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    at("form").requestSubmit();
  }
  if (event.key === "Escape" && cancel) stop();
});
for (const button of document.querySelectorAll("[data-command]")) {
  button.addEventListener("click", () => command(button.dataset.command));
}
function count() {
  const length = Array.from(at("text").value).length;
  at("count").textContent = length === 1 ? "1 character" : `${length.toLocaleString()} characters`;
}

count();
wave.draw(0);
models();
queue();
follow();
setInterval(() => document.hidden || queue(), LOOK);
