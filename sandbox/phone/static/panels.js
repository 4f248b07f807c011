// The side panel: who the customer is, what else they can do, and the knobs of the sandbox.

import { post, put } from "./api.js";
import { act } from "./composer.js";
import { el, initials } from "./bubbles.js";
import { account, person, state, telegramState } from "./state.js";

const EXTRA = {
  whatsapp: [
    ["STOP", { type: "text", text: "STOP" }], ["Stop marketing", { type: "marketing_stop" }], ["Resume marketing", { type: "marketing_resume" }],
    ["From an ad", { type: "text", text: "Hi, I saw your ad", referral: true }], ["Forwarded", { type: "text", text: "Have you seen this?", forwarded: true }],
    ["Unsupported", { type: "unsupported" }], ["Unknown kind", { type: "unknown" }], ["New security code", { type: "identity_change" }],
  ],
  sms: [["STOP", { type: "text", text: "STOP" }], ["START", { type: "text", text: "START" }], ["HELP", { type: "text", text: "HELP" }]],
  telegram: [["/stop", { type: "text", text: "/stop" }], ["/help", { type: "text", text: "/help" }], ["Unknown kind", { type: "unknown" }]],
  web: [],
};

/** Draw the whole panel. */
export async function side(say) {
  const someone = person();
  if (!someone) return [];
  const board = await fetch("/_sandbox/knobs").then((answer) => answer.json());
  return [who(someone, say), actions(say), knobs(board, say)];
}

function who(someone, say) {
  const save = (change) => put(`/customers/${someone.id}`, change).catch((error) => say(error.message));
  const check = (label, name, hint, flip = false) => el("label.check", { title: hint }, el("input", { type: "checkbox", checked: flip ? !someone[name] : someone[name], onchange: (event) => save({ [name]: flip ? !event.target.checked : event.target.checked }) }), el("span", {}, label));
  return el("section", {}, el("div.who", {}, el("i.avatar", { "aria-hidden": "true", "data-colour": someone.colour }, initials(someone.name)), el("div", {}, el("h2", {}, someone.name), el("p", {}, someone.username ? `@${someone.username}` : someone.language))),
    el("dl", {}, ...[["Phone", someone.phone], ["WhatsApp id", someone.bsuid], ["Telegram id", String(someone.telegram_id)]].flatMap(([term, value]) => [el("dt", {}, term), el("dd", {}, value)])),
    check("Hides the number (username only)", "hides_phone", "The business sees the WhatsApp user id, never the number"),
    check("Has WhatsApp", "on_whatsapp", "Without it messages fail with 131026"),
    check("Reachable by SMS", "sms", "Without it messages end undelivered with 30005"));
}

function actions(say) {
  const list = [...EXTRA[state.channel]];
  if (state.channel === "telegram") {
    if (telegramState() === "member") list.push(["Block the bot", { type: "block" }]);
    if (telegramState() === "blocked") list.push(["Unblock the bot", { type: "unblock" }]);
  }
  if (!list.length || !account()) return null;
  const change = state.channel === "whatsapp" ? el("button", { type: "button", onclick: () => newNumber(say) }, "New number…") : null;
  return el("section", {}, el("h2", {}, "Also possible"), el("div.chips", {}, list.map(([label, data]) => el(`button${/^(STOP|\/stop|Block)/.test(label) ? ".warn" : ""}`, { type: "button", onclick: () => act(data, say) }, label)), change));
}

function newNumber(say) {
  const taken = new Set(state.customers.map((item) => item.phone));
  let at = 60;
  while (taken.has(`+120255501${at}`)) at += 1;
  act({ type: "number_change", phone: `+120255501${at}` }, say);
}

const SLIDERS = [
  ["duplicate_rate", "Webhooks doubled", 1, 0.05, percent], ["reorder_rate", "Webhooks out of order", 1, 0.05, percent],
  ["error_rate", "Sends that fail", 1, 0.05, percent], ["timeout_after_accept_rate", "Accepted, never answered", 1, 0.05, percent],
  ["send_latency_ms", "Slow to answer", 5000, 100, milliseconds],
];
const SWITCHES = [["outage", "Outage", "Every call answers 503"], ["throttle", "Throttled", "Every send answers too many requests"], ["skip_delivered", "No “delivered”", "Straight from sent to read"], ["webhook_retries", "Webhooks retried", "What was not acknowledged is sent again"], ["limits", "Rate limits", "Token buckets as the providers have them"]];

function percent(value) { return `${Math.round(value * 100)} %`; }
function milliseconds(value) { return value >= 1000 ? `${value / 1000} s` : `${value} ms`; }

function knobs(board, say) {
  const now = { ...board.defaults, ...board.global };
  const set = (change) => put("/knobs", { global: change }).catch((error) => say(error.message));
  const rows = SLIDERS.map(([name, label, most, step, show]) => {
    const value = el("output", {}, show(now[name]));
    const input = el("input", { type: "range", min: "0", max: String(most), step: String(step), value: String(now[name]), oninput: () => { value.textContent = show(Number(input.value)); }, onchange: () => set({ [name]: Number(input.value) }) });
    return el("label.slider", {}, el("span", {}, label), value, input);
  });
  const switches = SWITCHES.map(([name, label, hint]) => el("label.check", { title: hint }, el("input", { type: "checkbox", checked: now[name], onchange: (event) => set({ [name]: event.target.checked }) }), el("span", {}, label)));
  const reads = el("select", { onchange: (event) => set({ read: event.target.value }) }, [["on_open", "when the chat is open"], ["auto", "always"], ["never", "never"]].map(([value, label]) => el("option", { value, selected: now.read === value }, label)));
  const code = el("input", { type: "number", min: "1", value: String({ whatsapp: 131026, sms: 30003, telegram: 429 }[state.channel] ?? 500), "aria-label": "Error code" });
  const count = el("input", { type: "number", min: "1", max: "99", value: "1", "aria-label": "How many" });
  const fail = el("button", { type: "button", onclick: async () => { await set({ fail_next: { code: Number(code.value), count: Number(count.value) } }); say(`The next ${count.value === "1" ? "message" : `${count.value} messages`} will fail with ${code.value}.`); } }, "Fail");
  const skip = (label, seconds) => el("button", { type: "button", onclick: () => post("/clock", { advance_seconds: seconds }).then(() => say(`The clock moved ${label}.`)) }, label);
  const reset = el("button", { type: "button", onclick: () => put("/knobs", { global: Object.fromEntries(Object.keys(board.global).map((name) => [name, null])) }).catch((error) => say(error.message)) }, "Back to normal");
  const changed = Object.entries(board.global).some(([name, value]) => JSON.stringify(value) !== JSON.stringify(board.defaults[name]) && name !== "fail_next");
  return el("details.knobs", { open: state.knobsOpen, ontoggle: (event) => { state.knobsOpen = event.target.open; } }, el("summary", {}, el("h2", {}, "Trouble"), changed ? el("b.dot", {}, "on") : null),
    ...rows, el("div.switches", {}, switches),
    el("label.field", {}, el("span", {}, "Messages are read"), reads),
    el("div.field", {}, el("span", {}, "Fail the next"), el("div.inline", {}, count, code, fail)),
    el("div.field", {}, el("span", {}, "Let time pass"), el("div.inline", {}, skip("+1 h", 3600), skip("+24 h", 86_400))), reset);
}
