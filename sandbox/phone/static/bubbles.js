// Drawing a conversation as the customer's phone shows it.

import { byId } from "./state.js";

/** An element: el("p.note", {title}, children…). Text is always text, never markup. */
export function el(spec, attributes = {}, ...children) {
  const [tag, ...classes] = spec.split(".");
  const node = document.createElement(tag || "div");
  if (classes.length) node.className = classes.join(" ");
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name in node && typeof value !== "string") node[name] = value;
    else if (value !== undefined && value !== null && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const SILENT = new Set(["edit", "revoke", "reaction", "callback"]);

/** All bubbles of a chat with day separators. */
export function thread(entries, handlers) {
  const out = [];
  let lastDay = "";
  for (const entry of entries) {
    if (SILENT.has(entry.type) || entry.marks.deleted_by_customer) continue;
    if (entry.body.held) continue;
    const date = new Date(entry.at * 1000);
    const today = day.format(date);
    if (today !== lastDay) {
      lastDay = today;
      out.push(el("div.day", {}, el("span", {}, isToday(date) ? "Today" : today)));
    }
    out.push(entry.body.note ? el("div.note", {}, el("span", {}, entry.body.note)) : bubble(entry, handlers));
  }
  return out;
}

function isToday(date) {
  return date.toDateString() === new Date().toDateString();
}

function bubble(entry, handlers) {
  const mine = entry.direction === "in";
  const failed = entry.statuses.some((item) => ["failed", "undelivered", "canceled"].includes(item.status));
  const row = el(`div.row.${mine ? "mine" : "theirs"}${failed ? ".failed" : ""}`, { "data-id": entry.provider_id });
  const box = el("div.bubble");
  if (entry.body.media?.some((item) => item.kind === "sticker")) box.classList.add("bare");
  if (entry.marks.deleted) box.append(el("p.gone", {}, mine ? "You deleted this message" : "This message was deleted"), meta(entry, mine, failed));
  else box.append(...content(entry, handlers), meta(entry, mine, failed));
  row.append(box);
  if (!entry.marks.deleted && !failed) row.append(menu(entry, mine, handlers));
  if (!entry.marks.deleted) row.append(...buttons(entry, handlers));
  const faces = [entry.marks.business_reaction, entry.marks.customer_reaction].filter(Boolean);
  if (faces.length) box.append(el("span.faces", { "aria-label": `Reactions: ${faces.join(" ")}` }, faces.join(" ")));
  return row;
}

function content(entry, handlers) {
  const body = entry.body;
  const parts = [];
  if (body.forwarded) parts.push(el("p.small", {}, "↪ Forwarded"));
  if (body.referral) parts.push(el("div.ad", {}, el("b", {}, body.referral), el("span", {}, "Advertisement")));
  if (body.quote) parts.push(quote(body.quote, handlers));
  for (const item of body.media ?? []) parts.push(media(item, body));
  if (body.header) parts.push(el("h3", {}, body.header));
  if (body.location) parts.push(place(body.location));
  for (const card of body.contacts ?? []) parts.push(el("div.card", {}, el("i.face", { "aria-hidden": "true" }, initials(card.name)), el("div", {}, el("b", {}, card.name), el("span", {}, card.phones.join(", ")))));
  if (body.products) parts.push(el("div.card", {}, el("i.face", { "aria-hidden": "true" }, "🛍"), el("div", {}, el("b", {}, "Products"), el("span", {}, body.products.join(", ")))));
  if (body.order) parts.push(el("div.card", {}, el("i.face", { "aria-hidden": "true" }, "🛒"), el("div", {}, el("b", {}, `Order, ${body.order.length} item${body.order.length > 1 ? "s" : ""}`), el("span", {}, body.order.map((item) => `${item.quantity} × ${item.product_retailer_id}`).join(", ")))));
  if (body.offer) parts.push(el("div.card", {}, el("i.face", { "aria-hidden": "true" }, "⏳"), el("div", {}, el("b", {}, body.offer.text), el("span", {}, body.offer.ends_at_ms ? `Ends ${new Date(body.offer.ends_at_ms).toLocaleString()}` : ""))));
  const text = entry.marks.edited ?? body.text;
  if (text) parts.push(rich(text, entry));
  if (body.footer) parts.push(el("p.small", {}, body.footer));
  if (!parts.length) parts.push(el("p.small", {}, `(${entry.type})`));
  return parts;
}

function quote(id, handlers) {
  const target = byId(id);
  const media = target?.body.media?.[0];
  const words = target ? target.marks.edited ?? target.body.text ?? (media ? { image: "Photo", video: "Video", audio: "Audio", sticker: "Sticker" }[media.kind] ?? "File" : "Message") : "Message";
  return el("button.quote", { type: "button", onclick: () => handlers.jump(id) }, el("b", {}, target?.direction === "in" ? "You" : "Linden & Co"), el("span", {}, words.slice(0, 120)));
}

function media(item, body) {
  if (!item.url) return el("div.card", {}, el("span", {}, "Fetching the file…"));
  if (item.kind === "image" || item.kind === "sticker") {
    const size = item.width ? { width: item.width, height: item.height } : {};
    const picture = el(`img.${item.kind}`, { src: item.url, alt: item.kind === "sticker" ? "Sticker" : body.text || "Photo", loading: "lazy", ...Object.fromEntries(Object.entries(size).map(([name, value]) => [name, String(value)])) });
    return item.kind === "sticker" ? picture : el("a.picture", { href: item.url, target: "_blank", rel: "noopener" }, picture);
  }
  if (["video", "animation", "video_note"].includes(item.kind)) return el("video", { src: item.url, controls: true, preload: "metadata", "aria-label": item.name || "Video" });
  if (item.kind === "audio") return el("div.audio", {}, el("i", { "aria-hidden": "true" }, body.voice ? "🎙" : "♫"), el("audio", { src: item.url, controls: true, preload: "metadata", "aria-label": body.voice ? "Voice note" : "Audio" }));
  const kilobytes = Math.max(1, Math.round(item.size / 1024));
  return el("a.card.file", { href: item.url, target: "_blank", rel: "noopener" }, el("i.face", { "aria-hidden": "true" }, "📄"), el("div", {}, el("b", {}, item.name || "File"), el("span", {}, `${item.mime.split(";")[0]} · ${kilobytes} kB`)));
}

function place(location) {
  const spot = `${location.latitude.toFixed(5)}, ${location.longitude.toFixed(5)}`;
  return el("div.place", {}, el("div.map", { "aria-hidden": "true" }, el("i", {}, "📍")), el("b", {}, location.name || "Location"), el("span", {}, location.address || spot));
}

/** Text with the marks of its channel: entities on Telegram, *bold* and friends on WhatsApp, links everywhere. */
function rich(text, entry) {
  const node = el("p.text", { dir: "auto" });
  const found = entry.body.content?.entities ?? entry.body.content?.caption_entities ?? [];
  if (found.length && !entry.marks.edited) {
    let at = 0;
    for (const part of found) {
      if (part.offset < at) continue;
      node.append(...linked(text.slice(at, part.offset)));
      const inner = text.slice(part.offset, part.offset + part.length);
      const tag = { bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code", pre: "code", blockquote: "q" }[part.type];
      if (part.type === "text_link" || part.type === "url") node.append(link(inner, part.url ?? inner));
      else if (part.type === "spoiler") node.append(el("span.spoiler", { tabindex: "0" }, inner));
      else node.append(tag ? el(tag, {}, inner) : inner);
      at = part.offset + part.length;
    }
    node.append(...linked(text.slice(at)));
    return node;
  }
  if (entry.channel !== "whatsapp") node.append(...linked(text));
  else {
    const marks = { "*": "strong", _: "em", "~": "s", "`": "code" };
    for (const piece of text.split(/((?<![\p{L}\p{N}])([*_~`])(?=\S)[^*_~`\n]*\S?\2(?![\p{L}\p{N}]))/u).filter((_, at) => at % 3 !== 2)) {
      const mark = piece.length > 2 && piece[0] === piece.at(-1) ? marks[piece[0]] : null;
      node.append(...(mark ? [el(mark, {}, piece.slice(1, -1))] : linked(piece)));
    }
  }
  return node;
}

function linked(text) {
  return text.split(/(https?:\/\/[^\s<>]+[^\s<>.,;:!?)])/).map((piece) => (/^https?:\/\//.test(piece) ? link(piece, piece) : piece));
}

function link(text, url) {
  return /^(https?|tel|mailto):/.test(url) ? el("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, text) : text;
}

/** Time and state. Own messages: one tick accepted, two when the business's server has it, coloured when it was read. */
function meta(entry, mine, failed) {
  const line = el("span.meta", {});
  if (entry.marks.edited || entry.body.edit_date) line.append("edited ");
  line.append(el("time", {}, clock.format(new Date(entry.at * 1000))));
  if (mine) {
    const read = entry.marks.read_by_business;
    const label = read ? "Read by the business" : entry.acks ? "Delivered to the business" : "Waiting for the business's server";
    line.append(el(`span.ticks${read ? ".read" : ""}`, { role: "img", "aria-label": label, title: label }, entry.acks || read ? "✓✓" : "✓"));
  }
  if (failed) {
    const last = entry.statuses.findLast((item) => item.code || ["failed", "undelivered", "canceled"].includes(item.status));
    line.append(el("span.code", {}, `never arrived${last?.code ? ` · ${last.code}` : ""}`));
  }
  return line;
}

const FACES = ["👍", "❤️", "😂", "😮", "😢", "🙏"];

/** The menu of a bubble: shown on hover, focus and long press. */
function menu(entry, mine, handlers) {
  const node = el("div.menu", { role: "group", "aria-label": "Message actions" });
  if (entry.channel !== "sms") {
    for (const face of FACES) {
      const on = entry.marks.customer_reaction === face;
      node.append(el(`button.face${on ? ".on" : ""}`, { type: "button", "aria-label": `React with ${face}`, "aria-pressed": String(on), onclick: () => handlers.react(entry, on ? "" : face) }, face));
    }
    node.append(el("button", { type: "button", onclick: () => handlers.quote(entry) }, "Reply"));
    if (mine && (entry.body.text || entry.body.media)) node.append(el("button", { type: "button", onclick: () => handlers.edit(entry) }, "Edit"));
    if (mine) node.append(el("button", { type: "button", onclick: () => handlers.revoke(entry) }, "Delete"));
  }
  return node;
}

function buttons(entry, handlers) {
  const body = entry.body;
  const out = [];
  const icons = { url: "↗ ", phone: "☎ ", copy: "⧉ ", send_location: "📍 ", request_contact_info: "👤 ", copy_text: "⧉ ", web_app: "↗ " };
  const make = (button) => el("button.action", { type: "button", onclick: () => handlers.tap(entry, button) }, (icons[button.kind] ?? "") + button.title);
  if (body.buttons?.length) out.push(el("div.actions", {}, body.buttons.map(make)));
  if (body.cards) out.push(el("div.cards", { role: "group", "aria-label": "Cards", tabindex: "0" }, body.cards.map((card) => el("div.slide", {}, ...(card.media ?? []).map((item) => media(item, card)), el("p", {}, card.text), el("div.actions", {}, (card.buttons ?? []).map(make))))));
  if (body.list) out.push(el("div.actions", {}, el("button.action", { type: "button", onclick: () => handlers.list(entry) }, `☰ ${body.list.button}`)));
  if (body.inline?.length) out.push(el("div.actions.grid", {}, body.inline.map((row) => el("div", {}, row.map(make)))));
  return out;
}

export function initials(name) {
  const words = name.replace(/[^\p{L}\p{N} ]/gu, "").trim().split(/\s+/);
  return ((words[0]?.[0] ?? "?") + (words.length > 1 ? words.at(-1)[0] : "")).toUpperCase();
}
