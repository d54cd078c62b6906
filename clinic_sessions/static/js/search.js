import {swap} from './swap.js';

const WAIT_MS = 120;

function announce(text) {
  const line = document.querySelector('[data-announce]');
  if (line) line.textContent = text;
}

function sayCount(results) {
  const hits = results.querySelectorAll('[data-hit]').length;
  announce(hits === 0 ? 'No patient found' : hits === 1 ? '1 found' : `${hits} found`);
}

function watch(input) {
  let timer = 0;
  let asked = 0;
  const look = async () => {
    const mine = ++asked;
    const url = new URL(input.dataset.url || input.form.action, location.href);
    url.searchParams.set(input.name, input.value.trim());
    try {
      const results = await swap(url.href, input.dataset.swap);
      if (mine !== asked) return look();
      if (results) sayCount(results);
    } catch {
      announce('No connection. Press Enter to search again.');
    }
  };
  input.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(look, WAIT_MS);
  });
  input.addEventListener('keydown', (event) => {
    const results = document.querySelector(input.dataset.swap);
    const hits = results?.querySelectorAll('[data-hit] a, a[data-hit], [data-hit] button, button[data-hit], [data-hit] input') ?? [];
    if (event.key === 'ArrowDown' && hits.length) {
      event.preventDefault();
      hits[0].focus();
    }
  });
}

export function start() {
  document.querySelectorAll('input[data-swap]').forEach(watch);
}
