import {fetchPage, replaceFrom} from './swap.js';

const EVERY_MS = 2000;
const SILENT_MS = 6000;
let seen = Date.now();

const every = (node) => Number(node.dataset.pollEvery) * 1000 || EVERY_MS;

function tell(lost) {
  const line = document.querySelector('[data-lost]');
  if (!line) return;
  line.querySelector('[data-lost-age]').textContent = `${Math.round((Date.now() - seen) / 1000)} s`;
  if (line.hidden === lost) line.hidden = !lost;
}

/* Somebody typing, or reading a card under the pointer, keeps what is in their hands until they are done. */
function busy(node) {
  const active = document.activeElement;
  return node.contains(active) && active.matches('input, textarea, select') || node.querySelector('dialog[open], details[open]:not(.fold) form, [data-busy]') !== null;
}

/* The lines above the page come with it; unchanged ones stay, so that nobody hears them twice. */
function refreshBanners(page) {
  const [fresh, old] = [page, document].map((one) => one.querySelector('#banners'));
  if (fresh && old && fresh.textContent !== old.textContent) replaceFrom(page, '#banners');
}

async function ask(selector) {
  const node = document.querySelector(selector);
  if (!node) return;
  const url = new URL(node.dataset.pollUrl, location.href);
  url.searchParams.set('revision', node.dataset.revision ?? '');
  const answer = await fetchPage(url.href, {timeout: SILENT_MS, headers: {'X-Poll': '1', 'X-Site': document.documentElement.dataset.site}});
  if (answer.moved || answer.status === 401 || answer.status === 409) {
    /* A part beside the page says nothing of the page, where somebody may be typing. */
    if (node.dataset.pollQuiet === undefined) location.reload();
    return;
  }
  if (answer.status !== 200 && answer.status !== 304) throw new Error(`answered ${answer.status}`);
  seen = Date.now();
  if (answer.page) {
    refreshBanners(answer.page);
    if (!busy(node)) replaceFrom(answer.page, selector);
  }
}

async function round(selector) {
  try {
    await ask(selector);
  } catch {
    /* The line below says it; the next round tries again. */
  }
  const node = document.querySelector(selector);
  if (node) setTimeout(round, every(node), selector);
}

export function start() {
  const nodes = document.querySelectorAll('[data-poll-url][id]');
  if (!nodes.length) return;
  nodes.forEach((node) => setTimeout(round, node.dataset.pollQuiet === undefined ? every(node) : 0, `#${CSS.escape(node.id)}`));
  const silent = Math.max(SILENT_MS, 3 * Math.min(...[...nodes].map(every)));
  setInterval(() => tell(Date.now() - seen > silent), 1000);
}
