// The desk's own script. Every page works without it; it turns times to the reader's zone, exchanges the parts marked
// data-live when the server says "look again", and adds keys. It makes no markup: a fresh copy of the page is parsed by
// XMLHttpRequest, which needs no text-to-HTML sink, so Trusted Types can be enforced.
'use strict';
(() => {
  const short = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
  const long = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
  const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'long' });

  function localTimes(root) {
    const today = new Date().toDateString();
    for (const element of root.querySelectorAll('time[datetime]')) {
      const at = new Date(element.dateTime);
      if (isNaN(at) || element.dataset.done) continue;
      element.dataset.done = '1';
      const isToday = at.toDateString() === today;
      element.textContent = ('long' in element.dataset || !isToday ? long : short).format(at);
      element.title = full.format(at);
    }
    const zone = document.querySelector('.zone');
    if (zone) zone.textContent = 'times are yours';
  }

  // A part stays while the reader is in the middle of it: types in it, or has unfolded something. Focus on a link
  // outlives the exchange.
  function isBusy(part) {
    const held = part.contains(document.activeElement) && document.activeElement;
    return (held && !held.href) || part.querySelector('details[open]');
  }

  function exchange(fresh) {
    for (const part of document.querySelectorAll('[data-live]')) {
      const other = fresh.querySelector('[data-live="' + CSS.escape(part.dataset.live) + '"]');
      if (!other || isBusy(part)) continue;
      const next = document.adoptNode(other);
      localTimes(next);
      if (next.isEqualNode(part)) continue;
      const held = part.contains(document.activeElement) ? document.activeElement.getAttribute('href') : null;
      part.replaceWith(next);
      if (held) for (const link of next.querySelectorAll('a')) if (link.getAttribute('href') === held) { link.focus(); break; }
    }
  }

  let pending = null;
  function look() {
    if (pending || document.hidden) return;
    pending = new XMLHttpRequest();
    pending.responseType = 'document';
    pending.open('GET', location.href);
    const over = () => {
      for (const part of document.querySelectorAll('[data-live]')) part.removeAttribute('aria-busy');
      pending = null;
    };
    pending.onload = () => {
      // A login page in its place: the session is over.
      if (pending.responseURL !== location.href.split('#')[0]) location.reload();
      else if (pending.status === 200 && pending.response) exchange(pending.response);
      over();
    };
    pending.onerror = over;
    pending.send();
  }

  // A hidden page closes its stream: a browser has six connections for a host.
  let stream = null;
  function listen() {
    const path = document.body.dataset.stream;
    if (!path || !window.EventSource) return;
    if (document.hidden) {
      if (stream) stream.close();
      stream = null;
    } else if (!stream) {
      stream = new EventSource(path);
      stream.onmessage = look;
      // What changed between the page and its stream, or while the stream was broken, was told to nobody.
      stream.onopen = look;
    }
  }

  // Tells colleagues who else has a conversation open, and who is writing in it.
  const here = document.body.dataset.here;
  let said = '';
  function tell(state) {
    if (!here) return;
    const words = new URLSearchParams({ state });
    if (state === 'gone') navigator.sendBeacon(here, words);
    else fetch(here, { method: 'POST', body: words }).catch(() => {});
    said = state;
  }
  function tellNow() {
    if (document.hidden) return;
    const typed = [...document.querySelectorAll('textarea.prose')].some((one) => one.value !== one.defaultValue);
    tell(typed ? 'writes' : 'looks');
  }
  if (here) {
    tellNow();
    setInterval(tellNow, 45000);
    document.addEventListener('input', () => { if (said !== 'writes') tellNow(); });
    window.addEventListener('pagehide', () => tell('gone'));
  }

  const isTyping = (element) => element.closest('input, textarea, select, [contenteditable]');
  function move(step) {
    const rows = [...document.querySelectorAll('a.go')];
    if (!rows.length) return;
    const at = rows.indexOf(document.activeElement);
    rows[at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + step))].focus();
  }
  let prefix = 0;
  function key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const isGo = Date.now() - prefix < 1500;
    prefix = 0;
    if (isGo) {
      const tabs = [...document.querySelectorAll('.bar nav a')];
      const tab = tabs.find((one) => one.textContent.trim().toLowerCase().startsWith(event.key.toLowerCase()));
      if (tab) tab.click();
      return;
    }
    if (event.key === '/') {
      const find = document.getElementById('find');
      if (find) { event.preventDefault(); find.focus(); }
    } else if (event.key === 'j') move(1);
    else if (event.key === 'k') move(-1);
    else if (event.key === 'g') prefix = Date.now();
    else if (/^[a-z]$/.test(event.key)) {
      const one = document.querySelector('[data-key="' + event.key + '"]');
      if (!one) return;
      event.preventDefault();
      if (one.localName === 'button') one.click();
      else one.focus();
    }
  }

  localTimes(document);
  listen();
  document.addEventListener('visibilitychange', () => {
    listen();
    if (stream) look();
    if (document.hidden) tell('gone'); else tellNow();
  });
  document.addEventListener('keydown', key);
  // What a form acts on is sent once, however often it is pressed.
  document.addEventListener('submit', (event) => {
    if (event.target.dataset.sent) event.preventDefault();
    event.target.dataset.sent = '1';
    setTimeout(() => delete event.target.dataset.sent, 4000);
  });
  const current = document.querySelector('.bar nav a[aria-current]');
  if (current) current.scrollIntoView({ block: 'nearest', inline: 'nearest' });
})();
