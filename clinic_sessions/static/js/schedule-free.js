import {QUARTER, put, rowAt, rowsOf, told, wall} from './schedule-grid.js';

/* A link stands for a whole free stretch and leads to its start; a pointer picks the quarter hour that it is over. */
const starts = new WeakMap();
let mark = null;

function unmark() {
  mark?.remove();
  mark = null;
}

function point(event) {
  const link = event.target.closest?.('.free');
  if (!link) {
    unmark();
    return;
  }
  const cell = link.closest('.free-cell');
  const body = cell.parentElement;
  const [from, to] = rowsOf(cell);
  const quarter = Math.floor(rowAt(body, event.clientY) / QUARTER) * QUARTER;
  const row = Math.min(Math.max(quarter, from), to - 1);
  if (!starts.has(link)) starts.set(link, link.href);
  const url = new URL(starts.get(link));
  url.searchParams.set('time', wall(row));
  link.href = url.href;
  if (!mark || mark.parentElement !== body) {
    unmark();
    mark = document.createElement('li');
    mark.className = 'free-mark';
    mark.setAttribute('aria-hidden', 'true');
    body.append(mark);
  }
  put(mark, row, Math.min(row + QUARTER, to));
  mark.textContent = `Book ${told(row)}`;
}

function toStart(event) {
  const link = event.target.closest?.('.free');
  if (link && starts.has(link) && link.matches(':focus-visible')) link.href = starts.get(link);
}

document.getElementById('day-grid')?.parentElement.classList.add('has-mark');
document.addEventListener('swapped', () => {
  document.getElementById('day-grid')?.parentElement.classList.add('has-mark');
  mark = null;
});
document.addEventListener('pointermove', point, {passive: true});
document.addEventListener('pointerleave', unmark);
document.addEventListener('focusin', toStart);
