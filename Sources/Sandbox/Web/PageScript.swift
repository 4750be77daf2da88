// The page's script. Everything that comes from a mail, a webhook or an order becomes a text node; a mail's HTML is only ever
// shown in a frame of its own.

enum PageScript {
    static let text = #"""
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
        const get = async path => {
          const response = await fetch(path);
          if (!response.ok) throw new Error((await response.json()).error || response.status);
          return response.json();
        };
        const clock = text => new Date(text).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
        const toast = text => {
          $("toast").textContent = text;
          $("toast").classList.add("on");
          clearTimeout(toast.timer);
          toast.timer = setTimeout(() => $("toast").classList.remove("on"), 3500);
        };
        const act = async (verb, body) => {
          const response = await fetch("/api/shop/" + verb, {
            method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
          const answer = await response.json();
          toast(response.ok ? `${answer.order}: done` : answer.error);
          refresh();
        };
        const empty = text => el("p", { class: "empty" }, text);
        const keepScroll = (node, ...children) => {
          const top = node.scrollTop;
          node.replaceChildren(...children);
          node.scrollTop = top;
        };

        // Mail
        const mailRow = mail => el("button", {
          class: "row" + (state.read.has(mail.id) ? "" : " fresh"), "aria-current": mail.id === state.mail ? "true" : false,
          onclick: () => openMail(mail.id) },
          el("span", { class: "top" }, el("span", { class: "who" }, mail.to), el("time", {}, clock(mail.receivedAt))),
          el("span", { class: "subject" }, mail.subject || "(no subject)"),
          mail.trigger ? el("span", { class: "chip" }, mail.trigger) : "",
          mail.order ? el("span", { class: "chip plain" }, mail.order) : "",
          mail.attachments ? el("span", { class: "chip plain" }, "attachment") : "");
        const showMails = () => {
          keepScroll($("list"), ...(state.mails.length ? state.mails.map(mailRow)
            : [empty("No mail yet. What Bookbag sends to this relay appears here, and nowhere else.")]));
          if (!state.mail) $("view").replaceChildren(empty(state.mails.length ? "Choose a mail to read it." : ""));
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
            body = el("dl", {}, ...mail.headers.flatMap(h => [el("dt", {}, h.name), el("dd", {}, h.value)]));
          } else if (state.view === "source") {
            body = el("pre", {}, await (await fetch(`/api/mails/${mail.id}/raw`)).text());
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
        const type = hook => { try { return JSON.parse(hook.body).type || ""; } catch { return ""; } };
        const showHooks = () => {
          keepScroll($("list"), ...(state.hooks.length ? state.hooks.map(hook => el("button", {
            class: "row", "aria-current": hook.id === state.hook ? "true" : false,
            onclick: () => { state.hook = hook.id; $("main").classList.add("open"); showHooks(); } },
            el("span", { class: "top" }, el("span", { class: "who" }, "/hooks/" + hook.endpoint),
              el("time", {}, clock(hook.receivedAt))),
            el("span", { class: "subject" }, type(hook) || hook.webhookId || "webhook"),
            verdict(hook), el("span", { class: "chip plain" }, "answered " + hook.status)))
            : [empty(`No webhook yet. Point one at ${location.origin}/hooks/NAME.`)]));
          const hook = state.hooks.find(hook => hook.id === state.hook);
          if (!hook) return $("view").replaceChildren(empty(state.hooks.length ? "Choose a webhook to see it." : ""));
          $("view").replaceChildren(back(), el("div", { class: "head" },
            el("h2", {}, type(hook) || "Webhook"), el("p", {}, verdict(hook), `POST /hooks/${hook.endpoint}`), el("p", {})),
            el("dl", {}, ...Object.entries(hook.headers).flatMap(([name, value]) =>
              [el("dt", {}, name), el("dd", {}, value)])),
            el("pre", {}, pretty(hook.body)));
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
        const showShop = orders => keepScroll($("list"),
          el("div", { class: "bar" }, el("p", {}, "Make things happen, and see what Bookbag sends."),
            el("button", { class: "btn main", onclick: () => act("place", {
              items: [{ title: "Juniper candle", sku: "CND-JUN", price: 2400, tags: ["home"] }] }) }, "Place an order")),
          ...orders.map(order => el("article", { class: "card" },
            el("div", { class: "top" },
              el("h2", {}, order.name, el("small", {}, `${order.customer} · ${order.email}`)),
              el("time", {}, clock(order.updatedAt))),
            el("p", {}, order.items.join(", ") + " · " + order.currency + " " + Number(order.total).toFixed(2)),
            el("div", {}, order.test ? el("span", { class: "chip bad" }, "test order") : "",
              order.cancelled ? el("span", { class: "chip bad" }, "cancelled") : "",
              el("span", { class: "chip plain" }, words(order.financial)),
              el("span", { class: "chip" }, words(order.fulfillment)),
              order.returnStatus !== "NO_RETURN" ? el("span", { class: "chip" }, words(order.returnStatus)) : ""),
            ...order.fulfillments.map(p => el("p", {},
              `${p.packages.map(k => `${k.company} ${k.number}`).join(", ")}: ${words(p.status)}` +
              (p.estimate ? `, promised for ${new Date(p.estimate).toLocaleDateString()}` : ""))),
            ...order.returns.map(r => el("p", {}, `Return ${r.name}: ${words(r.status)}`,
              r.label ? el("span", {}, ", ", el("a", { href: r.label, target: "_blank", rel: "noopener" }, "label")) : "")),
            actions(order).length ? el("div", { class: "acts" }, ...actions(order)) : "")),
          orders.length ? "" : empty("The shop has no orders yet."));

        // Story
        const showStory = (lines, verdict) => keepScroll($("list"),
          lines.length ? el("ol", { class: "tale" }, ...lines.map(line => el("li", {},
            el("time", {}, clock(line.time)), el("b", {}, line.order), el("span", {}, line.text))))
            : empty("No story is being told. Start the sandbox with a story, or play with the shop."),
          verdict.due ? el("p", { class: "empty" },
            `${verdict.arrived} of ${verdict.due} messages have come` +
            (verdict.doubledCount ? `, ${verdict.doubledCount} came twice` : "") + ".") : "");

        const refresh = async () => {
          try {
            const status = await get("/api/status");
            $("n-mail").textContent = status.mails || "";
            $("n-hooks").textContent = status.webhooks || "";
            $("n-shop").textContent = status.orders || "";
            $("state").textContent = `${status.shop} · SMTP ${status.smtp} · ` +
              (status.polls ? "Bookbag is watching" : "nobody has looked yet");
            for (const button of document.querySelectorAll("nav button"))
              button.setAttribute("aria-selected", button.dataset.tab === state.tab ? "true" : "false");
            $("main").classList.toggle("wide", state.tab === "shop" || state.tab === "story");
            if (state.tab === "mail") {
              const mails = await get("/api/mails?limit=500");
              state.mails = mails.reverse();
              if (state.mail && !mails.some(mail => mail.id === state.mail)) state.mail = null;
              showMails();
            } else if (state.tab === "hooks") {
              state.hooks = (await get("/api/webhooks?limit=500")).reverse();
              showHooks();
            } else if (state.tab === "shop") {
              showShop(await get("/api/shop?limit=100"));
            } else {
              showStory(await get("/api/story"), await get("/api/verdict"));
            }
          } catch (error) {
            $("state").textContent = "the sandbox is not running";
          }
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
        refresh().then(() => { if (state.tab === "mail" && chosen) openMail(Number(chosen)); });
        """#
}
