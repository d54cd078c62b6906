/* Rows of five minutes on the day by chair, counted from the first full hour shown. */
export const ROW_MS = 300_000;
export const QUARTER = 3;

const day = () => document.getElementById('day-grid');

export const rowsOf = (element) => ['from', 'to'].map((name) => Number(element.className.match(new RegExp(`\\b${name}-(\\d+)`))?.[1]));

export const moment = (row) => new Date(Date.parse(day().dataset.first) + row * ROW_MS);

export function told(row) {
  return new Intl.DateTimeFormat('en-US', {timeZone: day().dataset.zone, hour: 'numeric', minute: '2-digit'})
    .format(moment(row)).replace(/\s/, ' ').toLowerCase();
}

export function wall(row) {
  return new Intl.DateTimeFormat('en-GB', {timeZone: day().dataset.zone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23'}).format(moment(row));
}

export function rowAt(body, y) {
  const rows = Number(day().dataset.rows);
  return (y - body.getBoundingClientRect().top) / body.offsetHeight * rows;
}

export function put(element, from, to) {
  element.className = element.className.replace(/\s*\b(from|to)-\d+/g, '');
  element.classList.add(`from-${from}`, `to-${to}`);
}

export function chairName(body) {
  return body.closest('.lane').querySelector('h2').textContent;
}
