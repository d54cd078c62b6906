import './schedule-drag.js';
import './schedule-free.js';

/* Typing a time of one's own chooses it; choosing an offered time clears what was typed. */
function choose(event) {
  const target = event.target;
  if (target.matches('[data-other]')) {
    const other = document.getElementById('slot-other');
    if (other) other.checked = true;
  } else if (target.matches('input[name=slot]') && target.value !== 'other') {
    document.querySelectorAll('input[data-other]').forEach((field) => { field.value = ''; });
  }
}

let place = null;

function frame() {
  return document.getElementById('day-grid');
}

/* A picture that is swapped for a newer one stays where it was scrolled to. */
function keep(event) {
  if (event.target === frame()) place = [event.target.scrollLeft, event.target.scrollTop];
}

function restore() {
  if (frame() && place) frame().scrollTo(...place);
}

function toNow() {
  const line = document.querySelector('.now-line:not([hidden])');
  if (!frame() || !line) return;
  frame().scrollTop = Math.max(0, line.offsetTop - frame().clientHeight / 3);
}

document.addEventListener('input', choose);
document.addEventListener('scroll', keep, {capture: true, passive: true});
document.addEventListener('swapped', restore);
document.querySelector('form[data-filters]')?.addEventListener('change', (event) => {
  if (event.target.matches('select')) event.currentTarget.requestSubmit();
});
toNow();
