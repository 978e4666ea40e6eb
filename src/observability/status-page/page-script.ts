/**
 * Runs in the browser. Fetches the page anew and fits what is shown to it, node by node: what did not change is left alone, so
 * nothing flickers and scroll, focus and opened details stay.
 */
export const PAGE_SCRIPT = `'use strict';
(() => {
  const PERIOD_MS = 5000;
  const PATIENCE_MS = 10000;
  const root = document.documentElement;
  const lost = document.getElementById('lost');
  let lostSince;
  let timer;
  let isLooking = false;

  async function look() {
    if (isLooking) return;
    isLooking = true;
    clearTimeout(timer);
    try {
      show(await ask());
    } catch (error) {
      tellLost(error);
    } finally {
      isLooking = false;
      if (!document.hidden) timer = setTimeout(look, PERIOD_MS);
    }
  }

  async function ask() {
    const answer = await fetch(location.pathname + location.search, { cache: 'no-store', redirect: 'error', signal: AbortSignal.timeout(PATIENCE_MS) });
    if (!answer.ok) throw new Error('status ' + answer.status);
    const next = new DOMParser().parseFromString(await answer.text(), 'text/html');
    // A proxy may answer in the daemon's place.
    if (!next.getElementById('live')) throw new Error('not a status page');
    return next;
  }

  function show(next) {
    // Another version has another style and script.
    if (next.documentElement.dataset.build !== root.dataset.build) return location.reload();
    lostSince = undefined;
    lost.hidden = true;
    root.classList.remove('away');
    document.title = next.title;
    const icon = document.querySelector('link[rel=icon]');
    const href = next.querySelector('link[rel=icon]').getAttribute('href');
    if (icon.getAttribute('href') !== href) icon.setAttribute('href', href);
    fit(document.getElementById('live'), next.getElementById('live'));
  }

  function tellLost(error) {
    if (lostSince === undefined) {
      lostSince = new Date();
      const at = lostSince.toISOString().slice(0, 19).replace('T', ' ') + 'Z';
      lost.hidden = false;
      root.classList.add('away');
      lost.children[0].textContent = 'vault-snapshotd does not answer since ' + at + '. What stands below is what it said before.';
      document.title = 'No answer · ' + document.title;
    }
    // Not part of the alert: it would be read aloud each time.
    const minutes = Math.floor((Date.now() - lostSince) / 60000);
    const why = /^status /.test(error.message) ? 'It answers with ' + error.message + '. ' : '';
    lost.children[1].textContent = why + (minutes < 1 ? '' : 'That is ' + minutes + ' min ago. ') + 'To do: look at "systemctl status vault-snapshotd" on its host.';
  }

  function fit(shown, next) {
    for (const { name } of [...shown.attributes]) if (!next.hasAttribute(name) && !isOwn(shown, name)) shown.removeAttribute(name);
    for (const { name, value } of next.attributes) if (shown.getAttribute(name) !== value && !isOwn(shown, name)) shown.setAttribute(name, value);
    let at = shown.firstChild;
    for (const node of [...next.childNodes]) {
      const like = findLike(at, node);
      if (!like) {
        shown.insertBefore(document.adoptNode(node), at);
        continue;
      }
      while (at !== like) at = dropped(at);
      if (node.nodeType === Node.ELEMENT_NODE) fit(like, node);
      else if (like.data !== node.data) like.data = node.data;
      at = like.nextSibling;
    }
    while (at) at = dropped(at);
  }

  // Whether details are open is the reader's affair.
  function isOwn(element, name) {
    return name === 'open' && element.localName === 'details';
  }

  function findLike(from, node) {
    for (let one = from; one; one = one.nextSibling) if (one.nodeName === node.nodeName && one.id === node.id) return one;
  }

  function dropped(node) {
    const next = node.nextSibling;
    node.remove();
    return next;
  }

  document.addEventListener('visibilitychange', () => (document.hidden ? clearTimeout(timer) : look()));
  timer = setTimeout(look, PERIOD_MS);
})();
`;
