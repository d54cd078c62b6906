import {QUARTER, chairName, moment, put, rowAt, rowsOf, told} from './schedule-grid.js';
import {show} from './schedule-move.js';

/* A card is drawn by mouse or pen; a finger scrolls, and takes "Move..." as the keyboard does. */
const THRESHOLD = 6;
const EDGE = 48;
const STEP = 14;
let held = null;

const frame = () => document.getElementById('day-grid');
const bodies = () => [...document.querySelectorAll('.lane-body[data-chair]')];

function press(event) {
  const card = event.target.closest?.('.slot-card[data-version]');
  if (!card || event.button !== 0 || event.pointerType === 'touch') return;
  const slot = card.closest('.slot');
  const [from, to] = rowsOf(slot);
  held = {card, slot, from, length: to - from, x: event.clientX, y: event.clientY, startX: event.clientX, startY: event.clientY, pointer: event.pointerId, ghost: null,
    grip: rowAt(slot.parentElement, event.clientY) - from};
}

function lift() {
  const {card, slot} = held;
  const ghost = document.createElement('li');
  const face = document.createElement('div');
  const name = document.createElement('span');
  ghost.className = 'slot is-target';
  ghost.setAttribute('aria-hidden', 'true');
  face.className = 'slot-card';
  name.className = 'slot-name';
  name.textContent = card.querySelector('.slot-name').textContent;
  face.append(name, document.createElement('span'));
  ghost.append(face);
  Object.assign(held, {ghost, body: slot.parentElement, row: held.from});
  slot.classList.add('is-lifted');
  document.body.classList.add('is-dragging');
  frame().dataset.busy = 'yes';
  frame().setPointerCapture(held.pointer);
  scrollOn();
}

function taken(body, from, to) {
  return [...body.querySelectorAll('.slot, .closure')].some((other) => {
    if (other === held.slot || other === held.ghost || other.matches('.is-done, .is-ended')) return false;
    const [start, end] = rowsOf(other);
    return start < to && from < end;
  });
}

function place() {
  const body = bodies().find((one) => {
    const box = one.getBoundingClientRect();
    return held.x >= box.left && held.x < box.right;
  }) ?? held.body;
  const last = Number(frame().dataset.rows) - held.length;
  const quarter = Math.round((rowAt(body, held.y) - held.grip) / QUARTER) * QUARTER;
  const row = Math.min(Math.max(quarter, 0), Math.max(last, 0));
  Object.assign(held, {body, row});
  put(held.ghost, row, row + held.length);
  held.ghost.classList.toggle('is-taken', taken(body, row, row + held.length));
  held.ghost.querySelector('.slot-name + span').textContent = `${told(row)}, ${chairName(body)}`;
  if (held.ghost.parentElement !== body) body.append(held.ghost);
}

function scrollOn() {
  if (!held?.ghost || held.dropped) return;
  const box = frame().getBoundingClientRect();
  const towards = (at, low, high) => (at < low + EDGE ? -STEP : at > high - EDGE ? STEP : 0);
  const [dx, dy] = [towards(held.x, box.left, box.right), towards(held.y, box.top + EDGE, box.bottom)];
  if (dx || dy) {
    frame().scrollBy(dx, dy);
    place();
  }
  requestAnimationFrame(scrollOn);
}

function drag(event) {
  if (!held || held.dropped || event.pointerId !== held.pointer) return;
  Object.assign(held, {x: event.clientX, y: event.clientY});
  if (!held.ghost) {
    if (Math.hypot(held.x - held.startX, held.y - held.startY) < THRESHOLD) return;
    lift();
  }
  place();
}

function putBack() {
  if (!held) return;
  held.ghost?.remove();
  held.slot.classList.remove('is-lifted');
  document.body.classList.remove('is-dragging');
  if (frame()) delete frame().dataset.busy;
  const {card, ghost} = held;
  held = null;
  if (ghost && card.isConnected) card.focus({preventScroll: true});
}

function drop(event) {
  if (!held || held.dropped || event.pointerId !== held.pointer) return;
  const stays = held.body === held.slot.parentElement && held.row === held.from;
  if (!held.ghost || stays) {
    swallowClick(Boolean(held.ghost));
    putBack();
    return;
  }
  held.dropped = true;
  swallowClick(true);
  document.body.classList.remove('is-dragging');
  const {card, slot, from, row, body} = held;
  show({
    action: `${card.getAttribute('href')}/move`,
    name: held.ghost.querySelector('.slot-name').textContent,
    to: `${told(row)}, ${chairName(body)}`,
    was: `${told(from)}, ${chairName(slot.parentElement)}`,
    slot: `${body.dataset.chair}@${moment(row).toISOString().slice(0, 16)}Z`,
    version: card.dataset.version,
    patient: card.dataset.patient,
  }, putBack);
}

/* The click that ends a drag is not one on the card. */
function swallowClick(dragged) {
  if (!dragged) return;
  const stop = (event) => { event.preventDefault(); event.stopPropagation(); };
  document.addEventListener('click', stop, {capture: true, once: true});
  setTimeout(() => document.removeEventListener('click', stop, {capture: true}));
}

document.addEventListener('pointerdown', press);
document.addEventListener('pointermove', drag);
document.addEventListener('pointerup', drop);
document.addEventListener('pointercancel', () => { if (!held?.dropped) putBack(); });
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape' || !held?.ghost || held.dropped) return;
  event.preventDefault();
  putBack();
});
document.addEventListener('dragstart', (event) => {
  if (event.target.closest?.('.slot-card')) event.preventDefault();
});
