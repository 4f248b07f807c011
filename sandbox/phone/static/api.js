// Calls to the sandbox's control API, and its live events.

async function call(method, path, body) {
  const response = await fetch(`/_sandbox${path}`, {
    method,
    headers: body === undefined ? {} : { "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error || `The sandbox answered ${response.status}`);
  return answer;
}

export const get = (path) => call("GET", path);
export const post = (path, body) => call("POST", path, body);
export const put = (path, body) => call("PUT", path, body);
export const remove = (path) => call("DELETE", path);

/** Listen to everything that happens; `onEvent(kind, data)`. Reconnects by itself and then reports "reload". */
export function listen(onEvent) {
  const source = new EventSource("/_sandbox/events");
  const kinds = ["entry", "status", "mark", "ack", "typing", "customer", "customers", "accounts", "chat", "callback_answer", "knobs", "reload"];
  for (const kind of kinds) source.addEventListener(kind, (event) => onEvent(kind, JSON.parse(event.data)));
  let lost = false;
  source.onerror = () => { lost = true; onEvent("offline", {}); };
  source.onopen = () => { if (lost) { lost = false; onEvent("reload", {}); } };
}

/** A file as the control API takes it. */
export function encode(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve({ base64: reader.result, mime: file.type, name: file.name });
    reader.onerror = () => reject(new Error("The file could not be read"));
    reader.readAsDataURL(file);
  });
}
