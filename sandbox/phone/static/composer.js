// Writing as the customer: the message box, attachments, quick actions, and what taps on buttons do.

import { encode, post } from "./api.js";
import { el } from "./bubbles.js";
import { account, person, state, telegramState } from "./state.js";

const drafts = new Map();
const draftKey = () => `${state.customer} ${state.channel}`;

/** Send one act of the customer; `say` shows what went wrong. */
export async function act(data, say) {
  const found = account();
  if (!found) return say("There is no account for this channel yet.");
  try {
    await post("/inbound", { channel: state.channel, account: found.id, customer: state.customer, ...data });
  } catch (error) {
    say(error.message);
  }
}

const ATTACH = {
  whatsapp: [["Photo", "🖼", { type: "image" }], ["Video", "🎞", { type: "video" }], ["Voice note", "🎙", { type: "voice" }], ["Document", "📄", { type: "document" }], ["Sticker", "🙂", { type: "sticker" }], ["Location", "📍", { type: "location", name: "Union Station", address: "50 Massachusetts Ave NE", latitude: 38.8971, longitude: -77.0064 }], ["Contact", "👤", { type: "contacts" }], ["Order", "🛒", { type: "order" }]],
  sms: [["Photo", "🖼", { type: "image" }], ["Video", "🎞", { type: "video" }], ["Voice note", "🎙", { type: "voice" }], ["Document", "📄", { type: "document" }]],
  telegram: [["Photo", "🖼", { type: "image" }], ["Album", "🗂", { type: "album" }], ["Video", "🎞", { type: "video" }], ["Voice note", "🎙", { type: "voice" }], ["Document", "📄", { type: "document" }], ["Sticker", "🙂", { type: "sticker" }], ["Location", "📍", { type: "location", latitude: 38.8971, longitude: -77.0064 }], ["My number", "👤", { type: "contact" }]],
};

/** The message box of the current chat. */
export function composer(say, redraw) {
  if (state.channel === "telegram") {
    const now = telegramState();
    if (now !== "member") return gate(now, say);
  }
  const box = el("textarea", { id: "text", rows: "1", placeholder: state.channel === "sms" ? "Text message" : "Message", "aria-label": `Message as ${person().name}`, dir: "auto" });
  box.value = state.editing ? (state.editing.marks.edited ?? state.editing.body.text ?? "") : (drafts.get(draftKey()) ?? "");
  const grow = () => { box.style.height = "auto"; box.style.height = `${Math.min(box.scrollHeight, 120)}px`; };
  const submit = () => send(box, say, redraw);
  const main = el("button.send", { type: "button", onclick: submit });
  const face = () => {
    const empty = !box.value.trim();
    const voice = empty && !state.editing;
    main.classList.toggle("voice", voice);
    main.setAttribute("aria-label", voice ? "Send a voice note" : "Send");
  };
  box.addEventListener("input", () => { if (!state.editing) drafts.set(draftKey(), box.value); grow(); face(); });
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); submit(); }
    if (event.key === "Escape" && (state.reply || state.editing)) { state.reply = state.editing = null; redraw(); }
  });
  box.addEventListener("paste", (event) => { const file = event.clipboardData.files[0]; if (file) { event.preventDefault(); sendFile(file, say); } });
  face();
  requestAnimationFrame(grow);
  return el("div.composer", {}, context(redraw), replyKeyboard(say), el("div.line", {}, attach(say), box, main));
}

function gate(now, say) {
  const blocked = now === "blocked";
  const words = blocked ? "You blocked this bot." : "Bots cannot write first. Press Start to open the chat.";
  const payload = el("input", { type: "text", placeholder: "start payload (optional)", "aria-label": "Start payload", maxlength: "64" });
  const start = el("button.start", { type: "button", onclick: () => act(blocked ? { type: "unblock" } : { type: "start", payload: payload.value.trim() }, say) }, blocked ? "Unblock" : "Start");
  return el("div.composer.gate", {}, el("p", {}, words), blocked ? null : payload, start);
}

function context(redraw) {
  const entry = state.editing ?? state.reply;
  if (!entry) return null;
  const words = entry.marks.edited ?? entry.body.text ?? entry.type;
  const stop = el("button.icon", { type: "button", "aria-label": "Cancel", onclick: () => { state.reply = state.editing = null; redraw(); } }, "✕");
  return el("div.context", {}, el("div", {}, el("b", {}, state.editing ? "Edit message" : "Reply"), el("span", {}, words.slice(0, 90))), stop);
}

/** Telegram's reply keyboard: the newest one the bot sent and did not take away. */
function replyKeyboard(say) {
  if (state.channel !== "telegram") return null;
  const found = state.keyboard;
  if (!found) return null;
  const tap = (button) => act(button.kind === "request_contact" ? { type: "contact" } : button.kind === "request_location" ? { type: "location" } : { type: "text", text: button.title }, say);
  return el("div.keys", { role: "group", "aria-label": "Keyboard of the bot" }, found.map((row) => el("div", {}, row.map((button) => el("button", { type: "button", onclick: () => tap(button) }, button.title)))));
}

async function send(box, say, redraw) {
  const text = box.value.trim();
  if (!text && !state.editing) return act({ type: "voice" }, say);
  if (state.editing) {
    const target = state.editing.provider_id;
    state.editing = null;
    redraw();
    return text ? act({ type: "edit", target, text }, say) : undefined;
  }
  const reply = state.reply?.provider_id;
  state.reply = null;
  drafts.delete(draftKey());
  box.value = "";
  redraw();
  document.getElementById("text")?.focus();
  await act({ type: "text", text, ...(reply ? { reply_to: reply } : {}) }, say);
}

async function sendFile(file, say) {
  if (file.size > 20 * 1024 * 1024) return say("Files up to 20 MB, please.");
  const kind = file.type.split("/")[0];
  const type = ["image", "video", "audio"].includes(kind) ? kind : "document";
  await act({ type, media: await encode(file) }, say);
}

function attach(say) {
  const input = el("input", { type: "file", hidden: true, "aria-hidden": "true", tabindex: "-1", onchange: () => input.files[0] && sendFile(input.files[0], say) });
  const sheet = el("div.sheet", { id: "attach", popover: "auto", role: "menu", "aria-label": "Attach" });
  for (const [label, icon, data] of ATTACH[state.channel]) {
    const reply = state.reply ? { reply_to: state.reply.provider_id } : {};
    sheet.append(el("button", { type: "button", role: "menuitem", onclick: () => { sheet.hidePopover(); act({ ...data, ...reply }, say); } }, el("i", { "aria-hidden": "true" }, icon), label));
  }
  sheet.append(el("button", { type: "button", role: "menuitem", onclick: () => { sheet.hidePopover(); input.click(); } }, el("i", { "aria-hidden": "true" }, "⬆"), "Upload"));
  return el("div.attach", {}, el("button.icon", { type: "button", "aria-label": "Attach", popovertarget: "attach" }, "+"), sheet, input);
}

/** What a tap on a button of the business does. */
export function tap(entry, button, say) {
  const reply = { reply_to: entry.provider_id };
  if (button.kind === "reply") return act({ type: "button_reply", button_id: button.id, title: button.title, ...reply }, say);
  if (button.kind === "template_reply") return act({ type: "button", button_id: button.id, title: button.title, ...reply }, say);
  if (button.kind === "callback_data") return act({ type: "callback", target: entry.provider_id, data: button.id }, say);
  if (button.kind === "send_location") return act({ type: "location", latitude: 38.8971, longitude: -77.0064, ...reply }, say);
  if (button.kind === "request_contact_info") return act({ type: "contact_request", ...reply }, say);
  if (button.kind === "call_permission_request") return act({ type: "call_permission_reply", ...reply }, say);
  if (button.kind === "flow" || button.kind === "address_message") return act({ type: "nfm_reply", name: button.kind === "flow" ? "flow" : "address_message", ...reply }, say);
  if (button.kind === "catalog") return act({ type: "order", ...reply }, say);
  if (button.kind === "copy" || button.kind === "copy_text") {
    navigator.clipboard?.writeText(button.id).catch(() => {});
    return say(`Copied: ${button.id}`);
  }
  if (button.url) window.open(button.url, "_blank", "noopener");
  return undefined;
}
