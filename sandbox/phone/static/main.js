// The page itself: the list of people, the phone with its tabs, and keeping both up to date.

import { get, listen, put } from "./api.js";
import { el, initials, thread } from "./bubbles.js";
import { act, composer, tap } from "./composer.js";
import { side } from "./panels.js";
import { CHANNELS, account, bySeq, chat, keep, latest, load, person, preview, state } from "./state.js";

const $ = (id) => document.getElementById(id);
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

function say(words) {
  const toast = el("p", {}, words);
  $("toasts").append(toast);
  setTimeout(() => toast.remove(), 4500);
}

// --- people ---------------------------------------------------------------------------------------------------------------

function people() {
  const shown = state.customers.slice(0, 300);
  $("list").replaceChildren(...shown.map((someone) => {
    const last = latest(someone.id);
    const unread = state.unread.get(someone.id) ?? 0;
    const current = someone.id === state.customer;
    return el("li", {}, el(`button${current ? ".current" : ""}`, { type: "button", "aria-current": current ? "true" : null, onclick: () => choose(someone.id) },
      el("i.avatar", { "aria-hidden": "true", "data-colour": someone.colour }, initials(someone.name)),
      el("span.name", { dir: "auto" }, someone.name), last ? el("time", {}, clock.format(new Date(last.at * 1000))) : el("time", {}),
      el("span.preview", { dir: "auto" }, last ? preview(last) : someone.hides_phone ? "Username only" : someone.phone),
      unread ? el("b.badge", { "aria-label": `${unread} new` }, String(unread)) : null));
  }));
  paint($("list"));
}

function choose(id) {
  state.customer = id;
  state.reply = state.editing = null;
  state.unread.delete(id);
  remember();
  draw();
}

/** Colours come from data, and the page's policy forbids style attributes; style properties are fine. */
function paint(root) {
  for (const node of root.querySelectorAll("[data-colour]")) node.style.setProperty("--tint", node.dataset.colour);
}

// --- the phone --------------------------------------------------------------------------------------------------------------

function tabs() {
  const row = CHANNELS.map((channel) => {
    const on = channel.id === state.channel;
    return el("button", { type: "button", role: "tab", id: `tab-${channel.id}`, "aria-selected": String(on), "aria-controls": "screen", tabindex: on ? "0" : "-1", "data-channel": channel.id, onclick: () => open(channel.id) }, channel.label);
  });
  $("tabs").replaceChildren(...row);
  $("screen").setAttribute("aria-labelledby", `tab-${state.channel}`);
}

function open(channel) {
  state.channel = channel;
  state.reply = state.editing = null;
  remember();
  draw();
}

$("tabs").addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const at = CHANNELS.findIndex((channel) => channel.id === state.channel);
  open(CHANNELS[(at + step + CHANNELS.length) % CHANNELS.length].id);
  $(`tab-${state.channel}`).focus();
});

const handlers = {
  react: (entry, emoji) => act({ type: "reaction", target: entry.provider_id, emoji }, say),
  quote: (entry) => { state.reply = entry; state.editing = null; foot(); $("text")?.focus(); },
  edit: (entry) => { state.editing = entry; state.reply = null; foot(); $("text")?.focus(); },
  revoke: (entry) => act({ type: "revoke", target: entry.provider_id }, say),
  tap: (entry, button) => tap(entry, button, say),
  list: (entry) => sheet(entry),
  jump: (id) => {
    const row = document.querySelector(`[data-id="${CSS.escape(id)}"]`);
    row?.scrollIntoView({ block: "center", behavior: "smooth" });
    row?.classList.add("flash");
    setTimeout(() => row?.classList.remove("flash"), 1200);
  },
};

function screen() {
  $("device").dataset.channel = state.channel;
  const found = account();
  if (state.channel === "web") return web(found);
  if (!found) {
    $("screen").replaceChildren(el("div.empty", {}, el("h2", {}, "No account yet"), el("p", {}, "Register one with the control API, and this channel comes alive.")));
    return undefined;
  }
  $("screen").replaceChildren(head(found), el("div.thread", { id: "thread", role: "log", "aria-label": "Conversation", tabindex: "0" }), el("div", { id: "foot" }));
  watcher.disconnect();
  watcher.observe($("thread"));
  foot();
  body(true);
  if (state.keyboard) foot();
  seen();
  return undefined;
}

function head(found) {
  const kind = CHANNELS.find((channel) => channel.id === state.channel).kind;
  const name = found.verified_name ?? found.first_name ?? found.friendly_name;
  const address = found.display_phone_number ?? (found.username ? `@${found.username}` : found.numbers?.[0]?.number ?? "");
  const several = state.accounts[kind].length > 1;
  const pick = several ? el("select", { "aria-label": "Business account", onchange: (event) => { state.chosen[state.channel] = event.target.value; draw(); } }, state.accounts[kind].map((item) => el("option", { value: item.id, selected: item.id === found.id }, item.display_phone_number ?? item.username ?? item.numbers?.[0]?.number ?? item.id))) : el("span", {}, state.channel === "sms" ? "Text message" : address);
  return el("header.top", {}, el("i.avatar.shop", { "aria-hidden": "true" }, state.channel === "sms" ? "✉" : initials(name)), el("div", {}, el("b", {}, state.channel === "sms" ? address : name), pick));
}

function body(jump) {
  const list = $("thread");
  if (!list) return;
  if (jump) follow = true;
  const entries = chat();
  const rows = thread(entries, handlers);
  if (!rows.length) rows.push(el("div.note", {}, el("span", {}, "Nothing here yet. Write something below.")));
  const typing = state.typing.get(`${state.channel} ${account()?.id} ${state.customer}`);
  if (typing > Date.now()) rows.push(el("div.row.theirs", {}, el("div.bubble.typing", { role: "img", "aria-label": "The business is typing" }, el("i"), el("i"), el("i"))));
  list.replaceChildren(...rows);
  keyboardOf(entries);
  if (follow) list.scrollTop = list.scrollHeight;
}

// The newest message stays in view until the customer scrolls up: pictures load late and the message box grows.
let follow = true;
const watcher = new ResizeObserver(() => { const list = $("thread"); if (list && follow) list.scrollTop = list.scrollHeight; });
$("screen").addEventListener("load", () => { const list = $("thread"); if (list && follow) list.scrollTop = list.scrollHeight; }, true);
$("screen").addEventListener("scroll", (event) => { const list = event.target; if (list.id === "thread") follow = list.scrollHeight - list.scrollTop - list.clientHeight < 60; }, true);

function keyboardOf(entries) {
  state.keyboard = null;
  for (const entry of entries) {
    if (entry.body.keyboard) state.keyboard = entry.body.keyboard;
    if (entry.body.remove_keyboard) state.keyboard = null;
  }
}

function foot() {
  const place = $("foot");
  if (!place) return;
  const focused = document.activeElement?.id === "text";
  place.replaceChildren(composer(say, foot));
  if (focused) $("text")?.focus();
}

function web(site) {
  if (!site) {
    $("screen").replaceChildren(el("div.empty", {}, el("h2", {}, "No web chat yet"), el("p", {}, "When Parley registers its widget here, an invented shop opens in this tab with the chat button in its corner.")));
    return;
  }
  const source = `/phone/web/${encodeURIComponent(state.customer)}?site_key=${encodeURIComponent(site.id)}`;
  $("screen").replaceChildren(el("iframe", { src: source, title: "Shop with web chat" }));
}

/** Tell the sandbox that the customer looks at the chat, when something new is there to be read. */
function seen() {
  if (document.hidden || state.channel !== "whatsapp") return;
  if (chat().some((entry) => entry.direction === "out" && ["sent", "delivered"].includes(entry.statuses.at(-1)?.status))) act({ type: "open" }, () => {});
}

function sheet(entry) {
  const dialog = $("dialog");
  const list = entry.body.list;
  const close = () => dialog.close();
  const rows = list.sections.map((section) => el("section", {}, section.title ? el("h3", {}, section.title) : null, section.rows.map((row) => el("button.rowpick", { type: "button", onclick: () => { close(); act({ type: "list_reply", button_id: row.id, title: row.title, description: row.description ?? "", reply_to: entry.provider_id }, say); } }, el("b", {}, row.title), row.description ? el("span", {}, row.description) : null))));
  dialog.replaceChildren(el("header", {}, el("h2", {}, list.button), el("button.icon", { type: "button", "aria-label": "Close", onclick: close }, "✕")), ...rows);
  dialog.showModal();
}

$("add").addEventListener("click", () => {
  const dialog = $("dialog");
  const taken = new Set(state.customers.map((item) => item.phone));
  let free = 127;
  while (taken.has(`+12025550${free}`)) free += 1;
  const name = el("input", { id: "new-name", required: true, autocomplete: "off" });
  const phone = el("input", { id: "new-phone", required: true, value: `+12025550${free}`, pattern: "\\+[1-9][0-9]{6,14}" });
  const form = el("form", { onsubmit: async (event) => {
    event.preventDefault();
    try {
      const made = await put("/customers", { name: name.value.trim(), phone: phone.value.trim() });
      dialog.close();
      choose(made.customers[0].id);
    } catch (error) { say(error.message); }
  } }, el("header", {}, el("h2", {}, "New customer"), el("button.icon", { type: "button", "aria-label": "Close", onclick: () => dialog.close() }, "✕")),
  el("label.field", {}, el("span", {}, "Name"), name), el("label.field", {}, el("span", {}, "Phone number"), phone), el("button.primary", { type: "submit" }, "Add"));
  dialog.replaceChildren(form);
  dialog.showModal();
});

async function panel() {
  const parts = await side(say);
  $("side").replaceChildren(...parts.filter(Boolean));
  paint($("side"));
}

function draw() {
  people();
  tabs();
  screen();
  panel();
}

// --- live -----------------------------------------------------------------------------------------------------------------

let waiting = 0;
function soon(full) {
  waiting |= full ? 2 : 1;
  if (waiting & 4) return;
  waiting |= 4;
  requestAnimationFrame(() => {
    const what = waiting;
    waiting = 0;
    people();
    if (what & 2) draw();
    else body(false);
  });
}

function onEvent(kind, data) {
  const here = data.customer === state.customer && data.channel === state.channel;
  if (kind === "entry") {
    keep(data);
    if (data.direction === "out") {
      state.typing.delete(`${data.channel} ${data.account} ${data.customer}`);
      if (!here) state.unread.set(data.customer, (state.unread.get(data.customer) ?? 0) + 1);
    }
    const before = JSON.stringify(state.keyboard);
    soon(false);
    requestAnimationFrame(() => { if (here && before !== JSON.stringify(state.keyboard)) foot(); });
  } else if (kind === "status" || kind === "mark" || kind === "ack") {
    const entry = bySeq(data.seq);
    if (!entry) return;
    if (kind === "status") entry.statuses.push({ status: data.status, at: data.at, code: data.code });
    if (kind === "mark") entry.marks = data.marks;
    if (kind === "ack") entry.acks = data.acks;
    soon(false);
    if (kind === "status" && entry.customer === state.customer && ["sent", "delivered"].includes(data.status)) setTimeout(seen, 600);
  } else if (kind === "typing") {
    const key = `${data.channel} ${data.account} ${data.customer}`;
    state.typing.set(key, Date.now() + data.seconds * 1000);
    soon(false);
    setTimeout(() => soon(false), data.seconds * 1000 + 100);
  } else if (kind === "customer") {
    const at = state.customers.findIndex((item) => item.id === data.id);
    if (at >= 0) state.customers[at] = data;
    else state.customers.push(data);
    people();
    if (data.id === state.customer) panel();
  } else if (kind === "chat") {
    state.telegram.set(`${data.account} ${data.customer}`, data.state);
    if (here) { foot(); panel(); }
  } else if (kind === "callback_answer") {
    if (here && data.text) say(data.text);
  } else if (kind === "knobs") {
    panel();
  } else if (kind === "offline") {
    document.body.classList.add("offline");
  } else {
    document.body.classList.remove("offline");
    load().then(draw);
  }
}

// --- start ------------------------------------------------------------------------------------------------------------------

function remember() {
  history.replaceState(null, "", `#${state.customer}/${state.channel}`);
}

function theme(next) {
  if (next) document.documentElement.dataset.theme = next;
  const dark = document.documentElement.dataset.theme ? document.documentElement.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  $("theme").textContent = dark ? "☀" : "☾";
  if (next) localStorage.setItem("sandbox-theme", next);
  return dark;
}

$("theme").addEventListener("click", () => theme(theme() ? "light" : "dark"));
theme(localStorage.getItem("sandbox-theme"));

document.addEventListener("visibilitychange", seen);
// A long press opens the menu of a bubble on touch screens.
let press = 0;
$("screen").addEventListener("touchstart", (event) => {
  const row = event.target.closest(".row");
  for (const open of document.querySelectorAll(".row.held")) if (open !== row) open.classList.remove("held");
  press = setTimeout(() => row?.classList.add("held"), 450);
}, { passive: true });
for (const kind of ["touchend", "touchmove", "touchcancel"]) $("screen").addEventListener(kind, () => clearTimeout(press), { passive: true });

const tick = async () => { $("time").textContent = clock.format(new Date((await get("/clock")).now * 1000)); };
setInterval(() => tick().catch(() => {}), 30_000);

const [wantedCustomer, wantedChannel] = location.hash.slice(1).split("/");
if (wantedCustomer) state.customer = decodeURIComponent(wantedCustomer);
if (CHANNELS.some((channel) => channel.id === wantedChannel)) state.channel = wantedChannel;
await load();
draw();
tick();
listen(onEvent);
