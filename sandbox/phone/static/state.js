// What the page knows: people, accounts, chats. One object, changed here and drawn by main.js.

import { get } from "./api.js";

export const CHANNELS = [
  { id: "whatsapp", label: "WhatsApp", kind: "whatsapp" },
  { id: "sms", label: "SMS", kind: "twilio" },
  { id: "telegram", label: "Telegram", kind: "telegram" },
  { id: "web", label: "Web chat", kind: "livechat" },
];

export const state = {
  customers: [],
  accounts: { whatsapp: [], twilio: [], telegram: [], livechat: [] },
  chats: new Map(),
  chosen: {},
  customer: null,
  channel: "whatsapp",
  unread: new Map(),
  typing: new Map(),
  telegram: new Map(),
  reply: null,
  editing: null,
};

const PAGE = 400;

/** Everything afresh; keeps who and what is selected. */
export async function load() {
  const [people, accounts, ledger] = await Promise.all([get("/customers"), get("/accounts"), get(`/ledger?newest=${PAGE * 5}`)]);
  state.customers = people.customers;
  state.accounts = accounts;
  state.chats.clear();
  for (const entry of ledger.entries) keep(entry);
  if (!state.customers.some((person) => person.id === state.customer)) state.customer = state.customers[0]?.id ?? null;
}

export const person = () => state.customers.find((item) => item.id === state.customer) ?? null;

export function account(channel = state.channel) {
  const kind = CHANNELS.find((item) => item.id === channel).kind;
  const all = state.accounts[kind] ?? [];
  return all.find((item) => item.id === state.chosen[channel]) ?? all[0] ?? null;
}

const key = (channel, account, customer) => `${channel} ${account} ${customer}`;

export function chat(channel = state.channel, customer = state.customer) {
  const found = account(channel);
  return found ? (state.chats.get(key(channel, found.id, customer)) ?? []) : [];
}

/** Put an entry into its chat; an entry that is there already is replaced. */
export function keep(entry) {
  const name = key(entry.channel, entry.account, entry.customer);
  const entries = state.chats.get(name) ?? [];
  const at = entries.findIndex((item) => item.seq === entry.seq);
  if (at >= 0) entries[at] = entry;
  else entries.push(entry);
  if (entries.length > PAGE) entries.shift();
  state.chats.set(name, entries);
}

/** Find an entry by number in any chat. */
export function bySeq(seq) {
  for (const entries of state.chats.values()) {
    const found = entries.find((item) => item.seq === seq);
    if (found) return found;
  }
  return null;
}

export const byId = (id) => chat().find((entry) => entry.provider_id === id) ?? null;

/** The newest thing a person would see in a list, over all channels. */
export function latest(customer) {
  let newest = null;
  for (const entries of state.chats.values()) {
    const last = entries[entries.length - 1];
    if (last && last.customer === customer && (!newest || last.seq > newest.seq)) newest = last;
  }
  return newest;
}

/** Whether this customer may write to the bot: none, member or blocked. */
export function telegramState(customer = state.customer) {
  const bot = account("telegram");
  if (!bot) return "none";
  const known = state.telegram.get(`${bot.id} ${customer}`);
  if (known) return known;
  const entries = state.chats.get(key("telegram", bot.id, customer)) ?? [];
  let now = "none";
  for (const entry of entries) {
    if (entry.type === "block") now = "blocked";
    else if (entry.direction === "in") now = "member";
  }
  return now;
}

export function preview(entry) {
  const body = entry.body;
  const who = entry.direction === "out" ? "" : "You: ";
  if (entry.marks.deleted) return `${who}Message deleted`;
  if (body.text) return who + body.text;
  if (body.media?.length) return `${who}${{ image: "Photo", video: "Video", audio: body.voice ? "Voice note" : "Audio", sticker: "Sticker", document: "Document" }[body.media[0].kind] ?? "File"}`;
  if (body.location) return `${who}Location`;
  if (body.contacts) return `${who}Contact`;
  if (body.reaction) return `${who}Reacted ${body.reaction.emoji}`;
  return who + (body.note ?? { edit: "Edited a message", revoke: "Deleted a message", callback: "Tapped a button" }[entry.type] ?? entry.type);
}
