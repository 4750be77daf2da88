// The page's script. What comes from a mail, a webhook or an order becomes a text node, never HTML; a mail's HTML is
// only ever shown in a frame of its own.
"use strict";
const $ = id => document.getElementById(id);
const el = (tag, attributes = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.filter(child => child != null && child !== ""));
  return node;
};
const state = { tab: "mail", mail: null, view: "html", hook: null, mails: [], hooks: [], read: new Set(), full: null };
const ask = (path, options) => fetch(path, options).catch(error => {
  throw Object.assign(error, { isOffline: true });
});
const get = async path => {
  const response = await ask(path);
  if (!response.ok) throw new Error((await response.json()).error || response.status);
  return response.json();
};
const clock = text => new Date(text).toLocaleTimeString([], {
  hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const day = text => new Date(text).toLocaleDateString([], { weekday: "short", day: "numeric", month: "long" });
const toast = text => {
  $("toast").textContent = text;
  $("toast").classList.add("on");
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => $("toast").classList.remove("on"), 3500);
};
const act = async (verb, body) => {
  const response = await ask("/api/shop/" + verb, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  const answer = await response.json();
  toast(response.ok ? `${answer.order}: done` : answer.error);
  refresh();
};
const pairs = list => el("dl", {}, ...list.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
const empty = text => el("p", { class: "empty" }, text);
// Draws a list again. An entry is how to make its node, and what the node is made from: where that is as before, the
// node stays, so that a click, the focus, a selection or the place one has scrolled to is not lost to what comes in.
const draw = (parent, entries) => {
  const old = new Map(Array.from(parent.childNodes, node => [node.from, node]));
  const nodes = entries.map(([make, ...from]) => {
    const key = JSON.stringify(from);
    const node = old.get(key) || make();
    old.delete(key);
    node.from = key;
    return node;
  });
  const wanted = new Set(nodes);
  for (const node of [...parent.childNodes]) if (!wanted.has(node)) node.remove();
  nodes.forEach((node, place) => {
    if (parent.childNodes[place] !== node) parent.insertBefore(node, parent.childNodes[place] || null);
  });
};
// Shows which row is chosen, and which were not read.
const mark = (chosen, read) => {
  for (const row of $("list").querySelectorAll(".row")) {
    const id = Number(row.dataset.id);
    row.classList.toggle("fresh", Boolean(read && !read.has(id)));
    if (id === chosen) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
  }
};
const notice = text => [() => empty(text), text];

// Mail
const mailRow = mail => el("button", {
  class: "row", "data-id": mail.id, onclick: () => openMail(mail.id) },
  el("span", { class: "top" }, el("span", { class: "who" }, mail.to), el("time", {}, clock(mail.receivedAt))),
  el("span", { class: "subject" }, mail.subject || "(no subject)"),
  mail.trigger ? el("span", { class: "chip" }, mail.trigger) : "",
  mail.order ? el("span", { class: "chip plain" }, mail.order) : "",
  mail.attachments ? el("span", { class: "chip plain" }, "attachment") : "");
const showMails = () => {
  draw($("list"), state.mails.length
    ? state.mails.map(mail => [() => mailRow(mail), "mail", mail])
    : [notice("No mail yet. What Bookbag sends to this relay appears here, and nowhere else.")]);
  mark(state.mail, state.read);
  if (!state.mail) draw($("view"), [notice(state.mails.length ? "Choose a mail to read it." : "")]);
};
const openMail = async id => {
  state.mail = id;
  state.read.add(id);
  history.replaceState(null, "", "#mail/" + id);
  $("main").classList.add("open");
  state.full = await get("/api/mails/" + id);
  if (!state.full.html && state.view === "html") state.view = "text";
  showMails();
  showMail();
};
const back = () => el("button", { class: "back", onclick: () => {
  state.mail = state.hook = null;
  $("main").classList.remove("open");
  refresh();
} }, "‹ Back");
const showMail = async () => {
  const mail = state.full;
  const tab = (name, title) => el("button", {
    "aria-selected": state.view === name ? "true" : "false",
    onclick: () => { state.view = name; showMail(); } }, title);
  const head = el("div", { class: "head" },
    el("h2", {}, mail.subject || "(no subject)"),
    el("p", {}, "From " + mail.from), el("p", {}, "To " + mail.to),
    el("div", { class: "tabs" },
      mail.html ? tab("html", "Mail") : "", mail.text != null ? tab("text", "Plain text") : "",
      tab("headers", "Headers"), tab("source", "Source"),
      ...mail.attachments.map(file => el("a", {
        class: "file", target: "_blank", rel: "noopener", href: `/api/mails/${mail.id}/parts/${file.part}` },
        `📎 ${file.name} (${Math.max(1, Math.round(file.size / 1024))} kB)`))));
  let body;
  if (state.view === "html" && mail.html) {
    body = el("iframe", {
      title: "Mail", src: `/api/mails/${mail.id}/html`, referrerpolicy: "no-referrer",
      sandbox: "allow-popups allow-popups-to-escape-sandbox" });
  } else if (state.view === "headers") {
    body = pairs(mail.headers.map(header => [header.name, header.value]));
  } else if (state.view === "source") {
    body = el("pre", {}, await (await ask(`/api/mails/${mail.id}/raw`)).text());
  } else {
    body = el("pre", {}, mail.text ?? "(this mail has no plain text)");
  }
  if (state.tab === "mail" && state.mail === mail.id) $("view").replaceChildren(back(), head, body);
};

// Webhooks
const verdict = hook => el("span", {
  class: "chip " + (hook.signature === "good" ? "good" : hook.signature === "unchecked" ? "plain" : "bad") },
  hook.signature === "unchecked" ? "not checked" : "signature " + hook.signature);
const pretty = text => { try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; } };
const told = hook => { try { return JSON.parse(hook.body) || {}; } catch { return {}; } };
const title = hook => String(told(hook).type || hook.webhookId || "Webhook");
const hookRow = hook => el("button", {
  class: "row", "data-id": hook.id,
  onclick: () => { state.hook = hook.id; $("main").classList.add("open"); showHooks(); } },
  el("span", { class: "top" }, el("span", { class: "who" }, "/hooks/" + hook.endpoint),
    el("time", {}, clock(hook.receivedAt))),
  el("span", { class: "subject" }, title(hook)), verdict(hook),
  told(hook).subject ? el("span", { class: "chip plain" }, String(told(hook).subject)) : "",
  el("span", { class: "chip plain" }, "answered " + hook.status));
const hookHead = hook => el("div", { class: "head" },
  el("h2", {}, title(hook)), el("p", {}, verdict(hook), `POST /hooks/${hook.endpoint}`));
const showHooks = () => {
  draw($("list"), state.hooks.length
    ? state.hooks.map(hook => [() => hookRow(hook), "hook", hook.id])
    : [notice(`No webhook yet. Point one at ${location.origin}/hooks/NAME.`)]);
  mark(state.hook, null);
  const hook = state.hooks.find(hook => hook.id === state.hook);
  draw($("view"), hook ? [
    [back, "back", hook.id], [() => hookHead(hook), "head", hook.id],
    [() => pairs(Object.entries(hook.headers)), "headers", hook.id],
    [() => el("pre", {}, pretty(hook.body)), "body", hook.id],
  ] : [notice(state.hooks.length ? "Choose a webhook to see it." : "")]);
};

// Shop
const words = text => text.toLowerCase().replaceAll("_", " ");
const actions = order => {
  const to = (title, verb, more = {}) => el("button", {
    class: "btn", onclick: () => act(verb, { order: order.name, ...more }) }, title);
  const list = [];
  const parcel = order.fulfillments.findLast(p => p.status !== "CANCELED");
  const back = order.returns.at(-1);
  if (order.financial === "PENDING" && !order.cancelled) list.push(to("Pay", "pay"));
  if (["UNFULFILLED", "PARTIALLY_FULFILLED"].includes(order.fulfillment) && !order.cancelled)
    list.push(to("Ship", "ship", { estimated_in_days: 2 }));
  if (order.fulfillment === "UNFULFILLED" && !order.cancelled)
    list.push(to("Hold", "hold"), to("Cancel", "cancel"));
  if (order.held) list.push(to("Release", "release"));
  if (parcel && parcel.status !== "DELIVERED") {
    const tell = (title, status, message) =>
      to(title, "event", { status, message, fulfillment: parcel.id });
    list.push(tell("In transit", "IN_TRANSIT", "Departed from facility"),
      to("Delay", "event", {
        status: "DELAYED", message: "Delayed by weather", estimated_in_days: 5, fulfillment: parcel.id }),
      tell("Out for delivery", "OUT_FOR_DELIVERY", "Out for delivery"),
      tell("Nobody home", "ATTEMPTED_DELIVERY", "Nobody home"),
      tell("Ready for pickup", "READY_FOR_PICKUP", "Ready for pickup"),
      tell("Problem", "FAILURE", "Parcel damaged in transit"),
      to("Deliver", "deliver", { fulfillment: parcel.id }));
  }
  if (parcel && (!back || ["DECLINED", "CANCELED"].includes(back.status)))
    list.push(to("Ask for return", "request-return"));
  if (back && back.status === "REQUESTED")
    list.push(to("Approve return", "approve-return"), to("Decline", "decline-return"));
  if (back && back.status === "OPEN") {
    list.push(back.label ? to("Replace label", "replace-label") : to("Add return label", "label"));
    if (!back.received) list.push(to("Return received", "receive-return"));
    list.push(to("Close return", "close-return"));
  }
  if (order.refundable) list.push(to("Refund", "refund"));
  return list;
};
const parcelLine = parcel => parcel.packages.map(box => `${box.company} ${box.number}`).join(", ") +
  `: ${words(parcel.status)}` +
  (parcel.estimate && parcel.status !== "DELIVERED" ? `, expected on ${day(parcel.estimate)}` : "");
const returnLine = back => el("p", {}, `Return ${back.name}: ${words(back.status)}`,
  back.label ? el("span", {}, ", ", el("a", { href: back.label, target: "_blank", rel: "noopener" }, "label")) : "");
const orderCard = order => {
  const buttons = actions(order);
  return el("article", { class: "card", "data-order": order.name },
    el("div", { class: "top" },
      el("h2", {}, order.name, el("small", {}, `${order.customer} · ${order.email}`)),
      el("time", {}, clock(order.updatedAt))),
    el("p", {}, order.items.join(", ") + " · " + order.currency + " " + Number(order.total).toFixed(2)),
    el("div", {}, order.test ? el("span", { class: "chip bad" }, "test order") : "",
      order.cancelled ? el("span", { class: "chip bad" }, "cancelled") : "",
      el("span", { class: "chip plain" }, words(order.financial)),
      el("span", { class: "chip" }, words(order.fulfillment)),
      order.returnStatus !== "NO_RETURN" ? el("span", { class: "chip" }, words(order.returnStatus)) : ""),
    ...order.fulfillments.map(parcel => el("p", {}, parcelLine(parcel))), ...order.returns.map(returnLine),
    buttons.length ? el("div", { class: "acts" }, ...buttons) : "");
};
const shopBar = () => el("div", { class: "bar" }, el("p", {}, "Make things happen, and see what Bookbag sends."),
  el("button", { class: "btn main", onclick: () => act("place", {
    items: [{ title: "Juniper candle", sku: "CND-JUN", price: 2400, tags: ["home"] }] }) }, "Place an order"));
const showShop = orders => draw($("list"), [
  [shopBar, "bar"],
  ...(orders.length ? orders.map(order => [() => orderCard(order), "order", order])
    : [notice("The shop has no orders yet.")])]);

// Story
const storyLine = line => el("li", {},
  el("time", {}, clock(line.time)), el("b", {}, line.order), el("span", {}, line.text));
const tally = verdict => `${verdict.arrived} of ${verdict.due} messages have come` +
  (verdict.doubledCount ? `, ${verdict.doubledCount} came twice` : "") + ".";
const showStory = (lines, verdict) => {
  if (!lines.length) {
    return draw($("list"), [notice("No story is being told. Start the sandbox with a story, or play with the shop.")]);
  }
  draw($("list"), [[() => el("ol", { class: "tale" }), "tale"], ...(verdict.due ? [notice(tally(verdict))] : [])]);
  draw($("list").firstChild, lines.map((line, place) => [() => storyLine(line), place, line]));
};

const load = {
  mail: async () => (await get("/api/mails?limit=500")).reverse(),
  hooks: async () => (await get("/api/webhooks?limit=500")).reverse(),
  shop: () => get("/api/shop?limit=100"),
  story: async () => [await get("/api/story"), await get("/api/verdict")],
};
const show = {
  mail: mails => {
    state.mails = mails;
    if (state.mail && !mails.some(mail => mail.id === state.mail)) state.mail = null;
    showMails();
  },
  hooks: hooks => {
    state.hooks = hooks;
    showHooks();
  },
  shop: showShop,
  story: ([lines, verdict]) => showStory(lines, verdict),
};
const look = async () => {
  const tab = state.tab;
  try {
    const status = await get("/api/status");
    $("n-mail").textContent = status.mails || "";
    $("n-hooks").textContent = status.webhooks || "";
    $("n-shop").textContent = status.orders || "";
    $("state").textContent = `${status.shop} · SMTP ${status.smtp} · ` +
      (status.polls ? "Bookbag is watching" : "waiting for Bookbag");
    for (const button of document.querySelectorAll("nav button"))
      button.setAttribute("aria-selected", button.dataset.tab === tab ? "true" : "false");
    $("main").classList.toggle("wide", tab === "shop" || tab === "story");
    const found = await load[tab]();
    // Another tab was chosen meanwhile: its own look comes next.
    if (state.tab === tab) show[tab](found);
  } catch (error) {
    if (!error.isOffline) throw error;
    $("state").textContent = "the sandbox is not running";
  }
};
// One look at a time; what is asked for meanwhile is one more look.
let looking = null, again = null;
const refresh = () => {
  if (looking) return again ||= looking.catch(() => {}).then(() => { again = null; return refresh(); });
  looking = look().finally(() => looking = null);
  return looking;
};
for (const button of document.querySelectorAll("nav button")) button.addEventListener("click", () => {
  state.tab = button.dataset.tab;
  location.hash = state.tab;
  $("main").classList.remove("open");
  $("view").replaceChildren();
  $("list").replaceChildren();
  refresh().then(() => { if (state.tab === "mail" && state.mail) showMail(); });
});
const [tab, chosen] = location.hash.slice(1).split("/");
if (["mail", "hooks", "shop", "story"].includes(tab)) state.tab = tab;
new EventSource("/api/changes").onmessage = refresh;
refresh().then(() => { if (state.mails.some(mail => mail.id === Number(chosen))) openMail(Number(chosen)); });
