const html = document.documentElement;
let offset = 0;

function readServerTime() {
  const told = Date.parse(html.dataset.now || '');
  offset = Number.isNaN(told) ? 0 : told - Date.now();
}

export const serverNow = () => Date.now() + offset;

function since(ms) {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}`;
}

function span(minutes) {
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function dueText(left) {
  if (left > 0) return `in ${span(Math.ceil(left / 60_000))}`;
  const late = Math.floor(-left / 60_000);
  return late === 0 ? 'now' : `${span(late)} overdue`;
}

/* When a time turns amber, and red, and until when somebody holds it, the page says with each time. */
function tone(element, now) {
  const {amber, red, held} = element.dataset;
  if (!red) {
    element.classList.toggle('is-due', now >= Date.parse(element.dataset.due));
    return false;
  }
  const isHeld = now < Date.parse(held);
  const overdue = !isHeld && now > Date.parse(red);
  const due = !isHeld && !overdue && now >= Date.parse(amber);
  for (const node of [element, element.closest('[data-due-card]')]) {
    node?.classList.toggle('is-overdue', overdue);
    node?.classList.toggle('is-due', due);
    node?.classList.toggle('is-held', isHeld);
  }
  return overdue;
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function moveNowLine(line, now) {
  const step = Math.round((now - Date.parse(line.dataset.first)) / 300_000);
  line.hidden = step < 0 || step > Number(line.dataset.rows);
  const place = line.className.replace(/\bfrom-\d+/, `from-${Math.max(0, step)}`);
  if (line.className !== place) line.className = place;
  const zone = line.dataset.zone;
  if (zone) {
    const text = new Intl.DateTimeFormat('en-US', {timeZone: zone, hour: 'numeric', minute: '2-digit', hour12: line.dataset.hours !== '24'}).format(now);
    write(line, text.replace(/\s?[AP]M$/, ''));
  }
}

export function tick() {
  const now = serverNow();
  for (const element of document.querySelectorAll('[data-since]')) write(element, since(now - Date.parse(element.dataset.since)));
  for (const element of document.querySelectorAll('[data-due]')) {
    write(element, dueText(Date.parse(element.dataset.due) - now));
    if (tone(element, now)) document.dispatchEvent(new CustomEvent('overdue', {detail: {element}}));
  }
  for (const element of document.querySelectorAll('[data-urgent]')) document.dispatchEvent(new CustomEvent('urgent', {detail: {element}}));
  for (const line of document.querySelectorAll('[data-now-line]')) moveNowLine(line, now);
}

export function start() {
  readServerTime();
  document.addEventListener('swapped', (event) => {
    if (event.detail.time) readServerTime();
    tick();
  });
  tick();
  setInterval(tick, 1000);
}
