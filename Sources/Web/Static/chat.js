// Bookbag's chat: <script src="https://HOST/chat/SHOP/widget.js" defer></script>
(async () => {
"use strict";
const doc = document, script = doc.currentScript, base = new URL(".", script.src).href, KEY = "bookbag " + base;
const wish = script.dataset.language || doc.documentElement.lang || navigator.language || "", shown = new Map();
let token = "", tag = "", seen = 0, quiet = 0, timer, isOpen = false, last;
try { token = sessionStorage.getItem(KEY) || ""; } catch {}
const keep = value => {
  token = value;
  try { sessionStorage.setItem(KEY, value); } catch {}
};
const call = async (path, body) => {
  const headers = {};
  if (token) headers.authorization = "Bearer " + token;
  if (body) headers["content-type"] = "application/json";
  const answer = await fetch(base + path, { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body),
    credentials: "omit", cache: "no-store", referrerPolicy: "no-referrer" });
  if (answer.status === 401) { keep(""); tag = ""; mine.hidden = false; }
  if (!answer.ok) throw answer.status;
  return answer.status === 200 ? answer.json() : null;
};
const w = await call("words?language=" + encodeURIComponent(wish)).catch(() => {});
if (!w) return;

const el = (name, attributes, ...inside) => {
  const one = doc.createElement(name);
  for (const key in attributes) one.setAttribute(key, attributes[key]);
  one.append(...inside);
  return one;
};
const button = (text, attributes) => el("button", { type: "button", ...attributes }, text);
const submit = text => button(text, { type: "submit", class: "strong" });
const input = (id, attributes) => el("input", { id, required: "", ...attributes });
const label = (id, text) => el("label", { for: id }, text);
const log = el("div", { role: "log", "aria-label": w.log, tabindex: 0 }, el("p", {}, w.hello));
const status = el("p", { role: "status" });
const box = el("textarea", { id: "say", rows: 2, maxlength: 4000 });
const words = el("form", {}, label("say", w.say), box, submit(w.send));
const person = button(w.person), close = button(w.close);
const mine = button(w.mine, { "aria-expanded": false, "aria-controls": "mine" });
const order = input("order", { maxlength: 50, autocomplete: "off" });
const mail = input("mail", { type: "email", maxlength: 254, autocomplete: "email" });
const claim = el("form", {}, el("p", {}, w.why), label("order", w.order), order, label("mail", w.mail), mail, submit(w.ask));
const digits = input("code", { inputmode: "numeric", maxlength: 12, autocomplete: "one-time-code" });
const code = el("form", {}, el("p", {}, w.sent), label("code", w.code), digits, submit(w.check));
const proof = el("div", { id: "mine", hidden: "" }, claim, code);
const panel = el("div", { role: "dialog", "aria-labelledby": "title", lang: w.language, hidden: "" },
  el("div", { class: "bar" }, el("h2", { id: "title" }, w.chat), close), log, status, el("div", { class: "bar more" }, mine, person), proof, words);
const news = el("span", { hidden: "" });
const launch = button(w.chat, { class: "strong", id: "launch", "aria-expanded": false, lang: w.language });
launch.append(news);
const host = el("section", { "aria-label": w.chat }), root = host.attachShadow({ mode: "open" }), sheet = new CSSStyleSheet();
sheet.replaceSync(`:host { all: initial; color-scheme: light dark; --ink: light-dark(#1a1f1c, #e7ebe8); --paper: light-dark(#fff, #1a1e1c);
  --edge: light-dark(#7b857f, #78827d); --accent: light-dark(#1f5f4b, #7fd0b2); }
* { box-sizing: border-box; margin: 0; font: 16px/1.5 system-ui, "Noto Sans", sans-serif; }
[hidden] { display: none !important; }
button, input, textarea, [role=dialog], .said { padding: 8px 12px; border: 1px solid var(--edge); border-radius: 8px; background: var(--paper); color: var(--ink); }
button, input { min-height: 44px; }
button { cursor: pointer; }
.strong { background: var(--accent); border-color: var(--accent); color: light-dark(#fff, #121513); font-weight: 650; }
#launch, [role=dialog] { position: fixed; right: 16px; bottom: 16px; z-index: 2147483000; }
span { margin-left: 8px; padding: 0 8px; border-radius: 8px; background: var(--paper); color: var(--ink); }
[role=dialog] { bottom: 76px; width: 380px; max-height: calc(100vh - 92px); display: flex; flex-direction: column; padding: 0; overflow: auto; }
div.bar { display: flex; justify-content: space-between; align-items: center; gap: 8px; padding: 8px 16px; }
h2 { font-size: 18px; font-weight: 650; }
.more { flex-wrap: wrap; }
.more button, b { font-size: 14px; }
[role=log] { flex: 1 1 320px; min-height: 120px; overflow-y: auto; padding: 12px 16px; background: light-dark(#eceeeb, #0d100e); }
[role=status]:not(:empty) { padding: 8px 16px 0; }
.said { margin-top: 12px; width: fit-content; max-width: 90%; }
.you { margin-left: auto; border-color: var(--accent); }
.said p { white-space: pre-wrap; overflow-wrap: anywhere; }
b { color: light-dark(#55605a, #a6b0aa); }
a { color: light-dark(#1d5b78, #7cc4e4); }
form { display: grid; gap: 4px; padding: 8px 16px 16px; }
input, textarea { width: 100%; resize: none; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: -3px; }
.strong:focus-visible { outline-offset: 2px; }
@media (max-width: 480px) { [role=dialog] { inset: 0; width: auto; max-height: none; border: 0; border-radius: 0; } #launch[aria-expanded=true] { display: none; } }`);
root.adoptedStyleSheets = [sheet];
root.append(panel, launch);

const begin = async () => { if (!token) keep((await call("begin", { language: w.language })).token); };
const tell = text => { status.textContent = text; };
const fault = why => tell(why === 401 ? w.over : why === 429 ? w.many : w.fail);
// What was said is text; only an address of the web in the shop's words is a link.
const add = (said, shop) => {
  const text = el("p"), isYou = said.by === "you";
  for (const part of said.text.split(/(https:\/\/[^\s<>"]+)/)) {
    text.append(!isYou && part.startsWith("https://") ? el("a", { href: part, target: "_blank", rel: "noopener noreferrer" }, part) : part);
  }
  const line = el("div", { class: "said " + said.by }, el("b", {}, isYou ? w.you : said.by === "bot" ? w.bot : shop), text);
  log.append(line);
  log.scrollTop = log.scrollHeight;
  return line;
};
const look = () => {
  if (!last) return;
  const fresh = last.messages.filter(one => one.by !== "you" && one.at > seen).length, isSeen = isOpen && !doc.hidden;
  if (isSeen && fresh) {
    seen = last.mark;
    call("seen", { mark: seen }).catch(() => {});
  }
  news.hidden = isSeen || !fresh;
  news.textContent = w.news.replace("{}", fresh);
};
const show = found => {
  last = found;
  tag = found.tag;
  seen = Math.max(seen, found.seen);
  for (const said of found.messages) {
    if (!shown.has(said.id)) shown.set(said.id, shown.get(said.key) || add(said, found.shop));
  }
  mine.hidden = !!found.order;
  if (found.order) proof.hidden = true;
  else if (found.asks && proof.hidden) tell(w.why);
  look();
};
const poll = async () => {
  clearTimeout(timer);
  if (!token) return;
  if (!doc.hidden) try {
    const found = await call("log?have=" + encodeURIComponent(tag));
    quiet = found ? 0 : quiet + 1;
    if (found) show(found);
  } catch { quiet += 20; }
  clearTimeout(timer);
  timer = setTimeout(poll, isOpen && !doc.hidden ? Math.min(1000 + quiet * 200, 15000) : 20000);
};
const soon = () => { quiet = 0; poll(); };
const say = async text => {
  const key = [...crypto.getRandomValues(new Uint8Array(12))].map(byte => byte.toString(16)).join("-");
  const line = add({ by: "you", text });
  shown.set(key, line);
  tell("");
  try {
    await begin();
    await call("say", { text, key });
    soon();
  } catch (why) {
    line.remove();
    box.value ||= text;
    fault(why);
  }
};
const open = wanted => {
  isOpen = wanted;
  panel.hidden = !wanted;
  launch.setAttribute("aria-expanded", wanted);
  (wanted ? box : launch).focus();
  look();
  soon();
};
const prove = wanted => {
  proof.hidden = !wanted;
  mine.setAttribute("aria-expanded", wanted);
  code.hidden = true;
  claim.hidden = false;
  tell("");
  (wanted ? order : box).focus();
};
const on = (form, act) => form.addEventListener("submit", event => {
  event.preventDefault();
  act().catch(fault);
});
launch.onclick = () => open(!isOpen);
close.onclick = () => open(false);
person.onclick = () => say(w.word);
mine.onclick = () => prove(proof.hidden || claim.hidden);
box.onkeydown = event => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); words.requestSubmit(); }
};
on(words, async () => {
  const text = box.value.trim();
  box.value = "";
  box.focus();
  if (text) await say(text);
});
on(claim, async () => {
  await begin();
  await call("claim", { order: order.value, address: mail.value });
  claim.hidden = true;
  code.hidden = false;
  digits.value = "";
  digits.focus();
});
on(code, async () => {
  const found = await call("code", { code: digits.value });
  if (!found.order) return tell(w.wrong);
  prove(false);
  mine.hidden = true;
  tell(w.own.replace("{}", found.order));
  soon();
});
// The keyboard stays in the chat while it is open; Escape leaves it.
panel.onkeydown = event => {
  if (event.key === "Escape") open(false);
  if (event.key !== "Tab") return;
  const stops = [...panel.querySelectorAll("button, input, textarea, a, [tabindex]")].filter(one => one.getClientRects().length);
  if (event.shiftKey) stops.reverse();
  if (root.activeElement === stops.at(-1)) { event.preventDefault(); stops[0].focus(); }
};
doc.addEventListener("visibilitychange", () => { look(); poll(); });
if (!doc.body) await new Promise(done => doc.addEventListener("DOMContentLoaded", done));
doc.body.append(host);
poll();
})();
