const typing = (element) => element.matches('input, textarea, select, [contenteditable]');

function nearest(from, cards, key) {
  const here = from.getBoundingClientRect();
  const sideways = key === 'ArrowLeft' || key === 'ArrowRight';
  const sign = key === 'ArrowRight' || key === 'ArrowDown' ? 1 : -1;
  let best = null;
  let least = Infinity;
  for (const card of cards) {
    if (card === from || card.offsetParent === null) continue;
    const there = card.getBoundingClientRect();
    const dx = there.left - here.left;
    const dy = there.top - here.top;
    const ahead = (sideways ? dx : dy) * sign;
    const aside = Math.abs(sideways ? dy : dx);
    if (ahead < 2) continue;
    const far = ahead + aside * 3;
    if (far < least) [best, least] = [card, far];
  }
  return best;
}

/* Nothing is chosen yet: down goes to the first card, left and right to the days around. */
function enter(event) {
  const target = event.key === 'ArrowDown'
    ? [...document.querySelectorAll('[data-grid] a')].find((one) => one.offsetParent !== null)
    : document.querySelector(`[data-key="${event.key}"]`);
  if (!target) return;
  event.preventDefault();
  if (event.key === 'ArrowDown') target.focus();
  else target.click();
}

function move(event) {
  const from = document.activeElement;
  const grid = from.closest('[data-grid]');
  if (from.matches('body, main')) enter(event);
  if (!grid || !from.matches('a')) return;
  const to = nearest(from, grid.querySelectorAll('a'), event.key);
  if (!to) return;
  event.preventDefault();
  to.focus();
}

function showKeys() {
  document.querySelector('dialog#keys')?.showModal();
}

const ACTS = {
  '/': () => document.querySelector('[data-search-key]')?.focus(),
  n: () => document.querySelector('[data-book-key]')?.click(),
  t: () => (document.querySelector('[data-key=t]') ?? document.querySelector('a.brand'))?.click(),
  '?': showKeys,
};

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (typing(event.target) || document.querySelector('dialog[open]')) return;
  if (event.key.startsWith('Arrow')) {
    move(event);
    return;
  }
  const act = ACTS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

export function start() {
  document.addEventListener('keydown', press);
  document.addEventListener('click', (event) => {
    const opener = event.target.closest('[data-dialog]');
    const dialog = opener && document.getElementById(opener.dataset.dialog);
    if (dialog?.showModal) {
      event.preventDefault();
      dialog.showModal();
    }
    for (const menu of document.querySelectorAll('.header-menu[open]')) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    for (const menu of document.querySelectorAll('.header-menu[open]')) {
      menu.open = false;
      menu.querySelector('summary').focus();
    }
  });
}
