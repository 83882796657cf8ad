// What is asked of the server, and what its refusals mean in plain words.

export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const WORDS = {
  401: "This server wants its key: type it below the choices.",
  403: "The server does not answer pages from this address.",
  404: "The server does not know that.",
  413: "That is more text than the server takes.",
};

let key = "";

export function setKey(given) { key = given; }

export async function ask(path, body, signal) {
  const options = { headers: {}, signal };
  if (key) options.headers.Authorization = `Bearer ${key}`;
  if (body !== undefined) {
    options.method = "POST";
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  let answer;
  try {
    answer = await fetch(path, options);
  } catch (failure) {
    if (failure.name === "AbortError") throw failure;
    throw new Refused(0, "The server cannot be reached. Does `ttm serve` still run?");
  }
  if (answer.ok) return answer;
  throw new Refused(answer.status, await reason(answer));
}

async function reason(answer) {
  let said = "";
  try {
    said = (await answer.json()).error.message;
  } catch {
    said = "";
  }
  const again = Number(answer.headers.get("Retry-After"));
  const wait = again > 0 ? ` Try again in ${again} s.` : "";
  if (answer.status === 401) return WORDS[401];
  return (said || WORDS[answer.status] || `The server refused with status ${answer.status}.`) + wait;
}
